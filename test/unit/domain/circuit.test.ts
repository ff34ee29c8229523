import { beforeEach, describe, expect, it } from 'vitest';
import { type Circuit, createCircuit } from '../../../lambdas/relay/domain/circuit.ts';
import type { Failure } from '../../../lambdas/relay/domain/failure.ts';
import { createHandClock, type HandClock } from '../../helpers/hand-clock.ts';

const misconfigured = (scope: 'server' | 'room' | 'object'): Failure => ({
  kind: 'misconfigured',
  reason: 'ROOM_UNAVAILABLE',
  detail: scope,
  scope,
});

describe('the circuit', () => {
  let clock: HandClock;
  let circuit: Circuit;
  beforeEach(() => {
    clock = createHandClock();
    circuit = createCircuit(clock);
  });

  it('admits deliveries at first', () => {
    expect(circuit.admit('a')).toBeUndefined();
  });

  it('opens for one room only', () => {
    circuit.open('a', misconfigured('room'));
    expect(circuit.admit('a')).toMatchObject({ detail: 'room' });
    expect(circuit.admit('b')).toBeUndefined();
  });

  it('returns that it is open without admitting a delivery', () => {
    expect(circuit.isOpen('a')).toBe(false);
    circuit.open('a', misconfigured('room'));
    expect([circuit.isOpen('a'), circuit.isOpen('b')]).toEqual([true, false]);
    circuit.open('a', misconfigured('server'));
    clock.advance(60_000);
    expect([circuit.isOpen('a'), circuit.isOpen('b')]).toEqual([true, true]);
    expect(circuit.admit('b')).toBeUndefined();
    circuit.close('a');
    expect([circuit.isOpen('a'), circuit.isOpen('b')]).toEqual([false, false]);
  });

  it('opens for the whole server', () => {
    circuit.open('a', misconfigured('server'));
    expect(circuit.admit('b')).toMatchObject({ detail: 'server' });
  });

  it.each<Failure>([
    misconfigured('object'),
    { kind: 'transient', reason: 'CHAT_ERROR', detail: '' },
    { kind: 'refused', reason: 'FILE_TOO_LARGE', detail: '' },
    { kind: 'throttled', reason: 'RATE_LIMITED', detail: '', retryAt: undefined },
    { kind: 'gone', reason: 'OBJECT_GONE', detail: '' },
  ])('does not open for $kind $detail', (failure) => {
    circuit.open('a', failure);
    expect(circuit.admit('a')).toBeUndefined();
  });

  it.each(['room', 'server'] as const)('admits the next delivery if the admitted one tried nothing (%s)', (scope) => {
    circuit.open('a', misconfigured(scope));
    circuit.release('a');
    expect(circuit.admit('a')).toBeDefined();
    clock.advance(30_000);
    expect(circuit.admit('a')).toBeUndefined();
    expect(circuit.admit('a')).toBeDefined();
    circuit.release('a');
    expect(circuit.admit('a')).toBeUndefined();
    circuit.open('a', misconfigured(scope));
    circuit.release('a');
    expect(circuit.admit('a')).toBeDefined();
  });

  it.each(['room', 'server'] as const)('admits one delivery every 30 seconds (%s)', (scope) => {
    circuit.open('a', misconfigured(scope));
    clock.advance(29_999);
    expect(circuit.admit('a')).toBeDefined();
    for (let probe = 0; probe < 3; probe += 1) {
      clock.advance(30_000);
      expect(circuit.admit('a')).toBeUndefined();
      expect(circuit.admit('a')).toBeDefined();
    }
  });

  it('closes after a delivery has succeeded', () => {
    circuit.open('a', misconfigured('room'));
    circuit.open('a', misconfigured('server'));
    circuit.close('a');
    expect(circuit.admit('a')).toBeUndefined();
    expect(circuit.admit('b')).toBeUndefined();
  });

  it('stays open for other rooms when it closes for one', () => {
    circuit.open('a', misconfigured('room'));
    circuit.open('b', misconfigured('room'));
    circuit.close('a');
    expect(circuit.admit('b')).toBeDefined();
  });
});
