import { type AddCommand, withExamples } from './command.ts';
import type { CredentialsOptions } from './credentials/store-credentials.ts';
import { addTargetOptions } from './target/options.ts';

/** `relay credentials`: stores the bot's token. */
export const addCredentials: AddCommand = (program, io, action) => {
  const command = program
    .command('credentials')
    .summary("store or replace the bot's token")
    .description(
      "Asks for the bot's user id and personal access token, checks them against the chat server, and stores them in the " +
        'relay\'s secret. They are never arguments. If stdin is not a terminal, it must hold {"userId":"…","authToken":"…"}.',
    );
  withExamples(
    addTargetOptions(command)
      .option(
        '--rotate',
        'replace the token without a gap: store it as the pending version, check it, then make it the current one. A ' +
          'rotation that was interrupted is finished',
      )
      .option('--no-check', 'store without asking the server, for a server that this machine cannot reach'),
    'npx relay credentials --stack RocketChatRelay',
    'npx relay credentials --rotate --stack RocketChatRelay',
    'npx relay credentials --local',
  ).action(
    action(async (options: CredentialsOptions) => {
      const { storeCredentials } = await import('./credentials/store-credentials.ts');
      return storeCredentials(options, io);
    }),
  );
};
