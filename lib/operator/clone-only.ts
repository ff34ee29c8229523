import { type AddCommand, CommandError } from './command.ts';

const EXPLANATION = `"relay local" runs only in a clone of the repository. It needs emulators of S3, SQS and DynamoDB, which the npm package
does not contain. In a clone:

  npm ci && npm start`;

/** Takes the place of `local` in the npm package: bin/build-package.ts puts it there. */
export const addLocal: AddCommand = (program, _, action) => {
  program
    .command('local')
    .summary('run the whole relay on this machine (only in a clone of the repository)')
    .description(EXPLANATION)
    .argument('[args...]')
    .allowUnknownOption()
    .action(
      action(() => {
        throw new CommandError(EXPLANATION);
      }),
    );
};
