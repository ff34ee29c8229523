import { type AddCommand, withExamples } from './command.ts';
import type { SendOptions } from './send/send-files.ts';
import { addTargetOptions } from './target/options.ts';

/** `relay send`: posts files directly, as the function would. */
export const addSend: AddCommand = (program, io, action) => {
  const command = program
    .command('send')
    .summary('post files directly, as the function would')
    .description(
      "Posts files into a room, with the relay's server and token but without S3, queue and ledger: the quickest proof that " +
        'the server, the token and the room work. Each call posts again.',
    )
    .argument('<FILE...>', 'the files to post')
    .requiredOption('--room <NAME_OR_ID>', "a room's name such as '#general', or its id")
    .option('--caption <TEXT>', "the message's text (default: the file's name)");
  withExamples(
    addTargetOptions(command),
    "npx relay send README.md --room '#general' --local",
    "npx relay send README.md --room '#general' --stack RocketChatRelay",
  ).action(
    action(async (files: string[], options: SendOptions) => {
      const { sendFiles } = await import('./send/send-files.ts');
      return sendFiles(files, options, io);
    }),
  );
};
