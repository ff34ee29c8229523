import { GetEventSourceMappingCommand, type GetEventSourceMappingCommandOutput } from '@aws-sdk/client-lambda';
import { awsCodeOf } from '../../../../lambdas/relay/adapters/aws-error.ts';
import { commandLine } from '../../shell.ts';
import { type Check, type Finding, found } from '../check.ts';
import { stackOf } from '../world.ts';
import { queueOf } from './queue.ts';

export const eventSourceMapping: Check = {
  name: 'event-source-mapping',
  group: 'aws',
  needs: 'stack',
  about: 'Lambda reads the queue: the event source mapping is enabled',
  async run(world) {
    const { clients, stack, region, option } = stackOf(world);
    const uuid = stack.eventSourceMappingId;
    let mapping: GetEventSourceMappingCommandOutput;
    try {
      mapping = await clients.lambda.send(new GetEventSourceMappingCommand({ UUID: uuid }));
    } catch (error) {
      if (awsCodeOf(error) !== 'ResourceNotFoundException') throw error;
      const { queueArn } = await queueOf(world);
      return found('it was deleted', {
        level: 'problem',
        what: `The event source mapping ${uuid} does not exist.`,
        why: 'The function is not invoked, so every file waits in the queue.',
        mend: commandLine(
          ...[
            'aws',
            'lambda',
            'create-event-source-mapping',
            '--function-name',
            stack.functionName,
            '--region',
            region,
          ],
          ...['--event-source-arn', queueArn, '--batch-size', '10', '--scaling-config', 'MaximumConcurrency=2'],
          ...['--function-response-types', 'ReportBatchItemFailures'],
        ),
      });
    }
    const findings: Finding[] = [];
    const { State: state = 'unknown', FunctionResponseTypes: types = [], LastProcessingResult: result } = mapping;
    if (state === 'Disabled' || state === 'Disabling') {
      findings.push({
        level: 'problem',
        what: 'The relay is paused: the event source mapping is disabled.',
        why: 'The function is not invoked, so every file waits in the queue. SQS deletes a message when its retention ends.',
        mend: `npx relay resume ${option}`,
      });
    }
    if (!types.includes('ReportBatchItemFailures')) {
      findings.push({
        level: 'problem',
        what: 'The event source mapping does not report failures of single messages.',
        why: 'Lambda deletes messages that the function wants to retry, so files are lost.',
        mend: commandLine(
          ...['aws', 'lambda', 'update-event-source-mapping', '--uuid', uuid, '--region', region],
          ...['--function-response-types', 'ReportBatchItemFailures'],
        ),
      });
    }
    if (result?.startsWith('PROBLEM')) {
      findings.push({
        level: 'problem',
        what: `Lambda cannot process the queue: ${result}.`,
        why: 'The function is not invoked, so every file waits in the queue.',
        mend: 'if it names a permission, deploy again: npx cdk deploy',
      });
    }
    return found(state.toLowerCase(), ...findings);
  },
};
