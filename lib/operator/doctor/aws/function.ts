import { FilterLogEventsCommand } from '@aws-sdk/client-cloudwatch-logs';
import { GetFunctionConfigurationCommand, type GetFunctionConfigurationCommandOutput } from '@aws-sdk/client-lambda';
import { awsCodeOf } from '../../../../lambdas/relay/adapters/aws-error.ts';
import { humanDuration } from '../../terminal.ts';
import { type Check, type Finding, found } from '../check.ts';
import { stackOf, type World } from '../world.ts';

const LOOK_BACK_MS = 24 * 3_600_000;
/** A search of a large log returns empty pages; the newest errors of a log that is larger are not found. */
const MAX_PAGES = 20;
/** What Lambda and Node write for a crash. The relay's own failures have `reason` and are no crash. */
const CRASHES = '?"the relay can" ?"Runtime." ?"Task timed out" ?"Status: error" ?"signal: killed"';

export const lambdaFunction: Check = {
  name: 'function',
  group: 'aws',
  needs: 'stack',
  about: 'the function is ready, and it has not crashed in the last day',
  async run(world) {
    const { clients, stack } = stackOf(world);
    let configuration: GetFunctionConfigurationCommandOutput;
    try {
      configuration = await clients.lambda.send(
        new GetFunctionConfigurationCommand({ FunctionName: stack.functionName }),
      );
    } catch (error) {
      if (awsCodeOf(error) !== 'ResourceNotFoundException') throw error;
      const what = `The function ${stack.functionName} does not exist.`;
      return found(
        'it was deleted',
        problem(what, 'delete the stack and deploy it again: npx cdk destroy, npx cdk deploy'),
      );
    }
    const {
      State: state = 'Active',
      StateReason,
      LastUpdateStatus: update,
      LastUpdateStatusReason: why,
    } = configuration;
    const findings: Finding[] = [];
    if (state === 'Failed')
      findings.push(problem(`The function is in the state ${state}: ${StateReason}.`, 'npx cdk deploy'));
    if (update === 'Failed')
      findings.push(problem(`The last update of the function failed: ${why}.`, 'npx cdk deploy'));
    const crash = await lastCrash(world);
    if (crash !== undefined) findings.push(crash);
    return found(findings.length === 0 ? `${state.toLowerCase()}, no crash in 24 h` : 'it fails', ...findings);
  },
};

const problem = (what: string, mend: string): Finding => ({
  level: 'problem',
  what,
  why: 'Files wait in the queue until the function runs.',
  mend,
});

const lastCrash = async (world: World): Promise<Finding | undefined> => {
  const { clients, stack, option } = stackOf(world);
  const startTime = world.now() - LOOK_BACK_MS;
  let last: { readonly timestamp: number; readonly message: string } | undefined;
  let count = 0;
  let nextToken: string | undefined;
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const query = { logGroupName: stack.logGroupName, startTime, filterPattern: CRASHES, nextToken };
    const answer = await clients.logs.send(new FilterLogEventsCommand(query), { abortSignal: world.signal });
    for (const { timestamp = 0, message = '' } of answer.events ?? []) {
      count += 1;
      if (last === undefined || timestamp >= last.timestamp) last = { timestamp, message };
    }
    nextToken = answer.nextToken;
    if (nextToken === undefined) break;
  }
  if (last === undefined) return undefined;
  const ago = humanDuration(Math.max(0, world.now() - last.timestamp));
  const line = last.message.replace(/\s+/g, ' ').trim().slice(0, 300);
  return {
    level: 'warning',
    what: `The function has failed ${count === 1 ? 'once' : `${count} times`} in 24 h, last ${ago} ago: ${line}`,
    why: 'A message of a failed invocation is received again after 16 minutes; after ten crashes its object becomes a dead letter (ABANDONED).',
    mend: `npx relay logs ${option}; what to do: section FunctionErrors of docs/operating.md`,
  };
};
