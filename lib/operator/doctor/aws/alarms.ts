import { type MetricAlarm, paginateDescribeAlarms } from '@aws-sdk/client-cloudwatch';
import { commandLine } from '../../shell.ts';
import { type Check, type Finding, found } from '../check.ts';
import { stackOf, type World } from '../world.ts';

export const alarms: Check = {
  name: 'alarms',
  group: 'aws',
  needs: 'stack',
  about: 'no alarm is on, and the alarms notify their topic',
  async run(world) {
    const { clients, stack } = stackOf(world);
    const prefix = `${stack.serviceName}-`;
    const all: MetricAlarm[] = [];
    for await (const page of paginateDescribeAlarms({ client: clients.cloudWatch }, { AlarmNamePrefix: prefix })) {
      all.push(...(page.MetricAlarms ?? []));
    }
    if (all.length === 0) {
      return found('there are none', {
        level: 'problem',
        what: `There is no alarm whose name begins with ${prefix}: someone has deleted them.`,
        why: 'Nobody learns that files wait or become dead letters.',
        mend: 'deploy the stack under another name, or delete and deploy it again: npx cdk deploy',
      });
    }
    const findings = [
      ...all.filter(({ StateValue }) => StateValue === 'ALARM').map((alarm) => onFinding(world, alarm, prefix)),
      ...silentFindings(world, all),
    ];
    const on = all.filter(({ StateValue }) => StateValue === 'ALARM').length;
    return found(on === 0 ? `${all.length}, all are off` : `${on} of ${all.length} are on`, ...findings);
  },
};

const onFinding = (
  world: World,
  { AlarmName = '', StateReason = '', AlarmDescription = '' }: MetricAlarm,
  prefix: string,
): Finding => {
  const name = AlarmName.slice(prefix.length);
  const { option } = stackOf(world);
  const commands: Readonly<Record<string, string>> = {
    DeadLetters: `npx relay dead-letters list ${option}`,
    BacklogTooOld: `npx relay status ${option}`,
    QueueStalled: `npx relay doctor event-source-mapping function ${option}`,
    Misconfigured: `npx relay doctor --only server ${option}`,
    DeliveriesFail: `npx relay status ${option}`,
    LoopSuspected: `npx relay doctor loop ${option}`,
  };
  const section = /https?:\/\/\S+/.exec(AlarmDescription)?.[0] ?? `docs/operating.md#${name.toLowerCase()}`;
  return {
    level: 'problem',
    what: `The alarm ${name} is on: ${StateReason}`,
    why: AlarmDescription.split('What to do:')[0]?.trim() || 'See its section in docs/operating.md.',
    mend: `${commands[name] ?? `npx relay logs ${option}`}; what to do: ${section}`,
  };
};

const silentFindings = (world: World, all: readonly MetricAlarm[]): Finding[] => {
  const silent = all.filter(({ ActionsEnabled }) => ActionsEnabled === false).map(({ AlarmName = '' }) => AlarmName);
  if (silent.length === 0) return [];
  return [
    {
      level: 'warning',
      what: `The actions of ${silent.length === 1 ? silent[0] : `${silent.length} alarms`} are turned off.`,
      why: 'Nobody is told when they go on.',
      mend: commandLine(
        'aws',
        'cloudwatch',
        'enable-alarm-actions',
        '--region',
        stackOf(world).region,
        '--alarm-names',
        ...silent,
      ),
    },
  ];
};
