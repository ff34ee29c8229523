import { setTimeout as sleep } from 'node:timers/promises';
import {
  GetEventSourceMappingCommand,
  type LambdaClient,
  UpdateEventSourceMappingCommand,
} from '@aws-sdk/client-lambda';
import { CommandError } from '../command.ts';
import type { Target } from '../target/target.ts';

/** The id of the embedded relay's event source mapping; lib/local/lambda/operations-api.ts has the same. */
const LOCAL_MAPPING_ID = '00000000-0000-4000-8000-000000000001';

const mappingIdOf = ({ stack }: Target): string => stack?.eventSourceMappingId ?? LOCAL_MAPPING_ID;

/** The state of the event source mapping, such as `Enabled`, `Disabled` or `Disabling`. */
export const mappingState = async (target: Target): Promise<string> =>
  stateOf(target.clients.lambda, mappingIdOf(target));

const stateOf = async (lambda: LambdaClient, UUID: string): Promise<string> =>
  (await lambda.send(new GetEventSourceMappingCommand({ UUID }))).State ?? 'unknown';

/** Lambda takes up to about a minute. */
const POLL_MS = 1_000;
const MAX_WAIT_MS = 3 * 60_000;

/**
 * Enables or disables the event source mapping, and waits until it is.
 * @throws CommandError if the mapping does not get there in three minutes
 */
export const setMapping = async (target: Target, isEnabled: boolean, signal: AbortSignal): Promise<void> => {
  const { lambda } = target.clients;
  const UUID = mappingIdOf(target);
  const wanted = isEnabled ? 'Enabled' : 'Disabled';
  const endsAt = performance.now() + MAX_WAIT_MS;
  let state = await stateOf(lambda, UUID);
  // While the mapping is changing, an update is refused (ResourceInUseException).
  while (state.endsWith('ing') && performance.now() < endsAt) {
    await sleep(POLL_MS, undefined, { signal });
    state = await stateOf(lambda, UUID);
  }
  if (state === wanted) return;
  await lambda.send(new UpdateEventSourceMappingCommand({ UUID, Enabled: isEnabled }));
  for (;;) {
    state = await stateOf(lambda, UUID);
    if (state === wanted) return;
    if (performance.now() > endsAt) break;
    await sleep(POLL_MS, undefined, { signal });
  }
  throw new CommandError(
    `The event source mapping ${UUID} is ${state} after three minutes, not ${wanted}: see it in the console, or run the command again.`,
  );
};
