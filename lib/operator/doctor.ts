import { Argument, Option } from 'commander';
import { type AddCommand, withExamples } from './command.ts';
import { CHECK_NAMES } from './doctor/check-names.ts';
import type { DoctorOptions } from './doctor/run-doctor.ts';
import { addTargetOptions } from './target/options.ts';

/** `relay doctor`: finds what is wrong before and after a deployment, and names the command that mends it. */
export const addDoctor: AddCommand = (program, io, action) => {
  const command = program
    .command('doctor')
    .summary('find what is wrong, and the command that mends it')
    .description(
      'Checks the chat server, the token, the rooms and, of a deployed relay, its resources on AWS. Changes nothing. Exits ' +
        'with 1 if there is a problem, or if a check could not run. The server is called from this machine, which may ' +
        'reach another network than the function does.',
    )
    .addArgument(new Argument('[CHECK...]', 'the checks to run (default: all)').choices(CHECK_NAMES));
  const withOptions = addTargetOptions(command)
    .addOption(
      new Option(
        '--config <FILE>',
        'before the deployment: check the chat server of this cdk.json, with the token in ROCKETCHAT_USER_ID and ' +
          'ROCKETCHAT_AUTH_TOKEN',
      ).conflicts(['stack', 'local']),
    )
    .addOption(new Option('--only <GROUP>', 'run only the checks of this group').choices(['server', 'aws']))
    .option('--list', 'print the checks and run none')
    .option(
      '--probe [MiB]',
      "find a proxy's limit: upload a file of this size (default: 2) to the first room, and never confirm it, so no message " +
        'appears and the server deletes the file after a day',
    );
  withExamples(
    withOptions,
    'npx relay doctor --local',
    'npx relay doctor --stack RocketChatRelay',
    'npx relay doctor rooms token --stack RocketChatRelay --json',
    'npx relay doctor --config cdk.json --only server --probe 20',
  ).action(
    action(async (names: string[], options: DoctorOptions) => {
      const { runDoctor } = await import('./doctor/run-doctor.ts');
      return runDoctor(names, options, io);
    }),
  );
};
