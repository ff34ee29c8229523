import { describe, expect, it } from 'vitest';
import type { Call } from '../../../../lib/local/chat-server/calls/call-log.ts';
import type { RouteName } from '../../../../lib/local/chat-server/calls/endpoint.ts';
import { createFaultPlan } from '../../../../lib/local/chat-server/calls/fault-plan.ts';
import { createFaultSwitches } from '../../../../lib/local/chat-server/room-page/server/fault-switches.ts';
import { createRateLimiter, type RateLimit } from '../../../../lib/local/chat-server/state/rate-limit.ts';

const create = ({ random = () => 0, limit }: { random?: () => number; limit?: RateLimit } = {}) => {
  const plan = createFaultPlan();
  const limiter = createRateLimiter({ now: () => 0 }, limit);
  return { plan, limiter, switches: createFaultSwitches({ plan, limiter, random }) };
};
const call = (name: RouteName): Call => ({
  index: 0,
  name,
  method: 'POST',
  route: name,
  roomId: undefined,
  fileId: undefined,
  at: 0,
  committed: false,
});

describe('createFaultSwitches', () => {
  it('switches a fault on and off, and counts the calls that it struck', () => {
    const { plan, switches } = create();
    switches.change({ name: 'bad-gateway', isOn: true, percent: 100 });
    expect(plan.take(call('me'))).toEqual({ kind: 'answer', status: 502 });
    expect(plan.take(call('media'))).toEqual({ kind: 'answer', status: 502 });
    switches.change({ name: 'bad-gateway', isOn: false, percent: 100 });
    expect(plan.take(call('me'))).toBeUndefined();
    expect(switches.all()).toContainEqual({ name: 'bad-gateway', isOn: false, percent: 100, hits: 2 });
    switches.change({ name: 'bad-gateway', isOn: true, percent: 100 });
    expect(switches.all()).toContainEqual({ name: 'bad-gateway', isOn: true, percent: 100, hits: 0 });
  });

  it('keeps what a change does not name', () => {
    const { switches } = create();
    switches.change({ name: 'lost-answer', percent: 100 });
    switches.change({ name: 'lost-answer', isOn: true });
    expect(switches.all()).toContainEqual({ name: 'lost-answer', isOn: true, percent: 100, hits: 0 });
  });

  it('loses the answers of confirms only', () => {
    const { plan, switches } = create();
    switches.change({ name: 'lost-answer', isOn: true, percent: 100 });
    expect(plan.take(call('media'))).toBeUndefined();
    expect(plan.take(call('mediaConfirm'))).toEqual({ kind: 'reset-after' });
  });

  it('strikes the given share of the calls, and takes a new share at once', () => {
    let chance = 0.3;
    const { plan, switches } = create({ random: () => chance });
    switches.change({ name: 'server-down', isOn: true, percent: 30 });
    expect(plan.take(call('me'))).toBeUndefined();
    chance = 0.29;
    expect(plan.take(call('me'))).toEqual({ kind: 'reset-before' });
    switches.change({ name: 'server-down', isOn: true, percent: 5 });
    expect(plan.take(call('me'))).toBeUndefined();
  });

  it('limits each route to ten calls a minute, and restores the limit that was there before', () => {
    const limit = { calls: 500, windowMs: 1000 };
    const { limiter, switches } = create({ limit });
    switches.change({ name: 'rate-limit', isOn: true, percent: 100 });
    const allowed = Array.from({ length: 12 }, () => limiter.count('media', 'ip')?.isAllowed);
    expect(allowed).toEqual([...Array(10).fill(true), false, false]);
    expect(limiter.count('confirm', 'ip')?.isAllowed).toBe(true);
    expect(switches.all()).toContainEqual({ name: 'rate-limit', isOn: true, percent: 100, hits: 2 });
    switches.change({ name: 'rate-limit', isOn: false, percent: 100 });
    expect(limiter.limit).toBe(limit);
    expect(switches.all()).toContainEqual({ name: 'rate-limit', isOn: false, percent: 100, hits: 2 });
  });

  it('does not limit the calls outside the given share', () => {
    const { limiter, switches } = create({ random: () => 0.5 });
    switches.change({ name: 'rate-limit', isOn: true, percent: 50 });
    expect(Array.from({ length: 12 }, () => limiter.count('media', 'ip'))).toEqual(Array(12).fill(undefined));
  });
});
