import { isCancel, password, text } from '@clack/prompts';
import * as v from 'valibot';
import type { Credentials } from '../../../lambdas/relay/adapters/secrets-manager/credentials.ts';
import { CommandError, type CommandIo, UsageError } from '../command.ts';

/** What an HTTP header may contain; spaces come from copying. */
const headerSafe = v.pipe(v.string(), v.trim(), v.regex(/^[\x21-\x7e]+$/));
const InputSchema = v.object({ userId: headerSafe, authToken: headerSafe });

/**
 * Asks for the credentials on the terminal, or reads them from stdin. No message contains any of them.
 * @param known the user id that is stored now
 * @throws UsageError if stdin holds something else; CommandError if the user cancels
 */
export const askForCredentials = async (io: CommandIo, known: string | undefined): Promise<Credentials> =>
  io.stdin.isTTY === true ? prompt(io, known) : readStdin(io);

const prompt = async (io: CommandIo, known: string | undefined): Promise<Credentials> => {
  // stdout has the result only.
  const streams = { input: io.stdin, output: io.stderr, signal: io.signal };
  const validate = (value: string | undefined) =>
    v.is(headerSafe, value ?? '') ? undefined : 'must have at least one character, and no spaces or umlauts';
  const userId = await text({
    ...streams,
    message: "The bot's user id (My Account, Personal Access Tokens shows it with the token)",
    ...(known !== undefined && { initialValue: known }),
    validate,
  });
  if (isCancel(userId)) throw new CommandError('Cancelled: nothing was changed.');
  const authToken = await password({ ...streams, message: 'Its personal access token', mask: '*', validate });
  if (isCancel(authToken)) throw new CommandError('Cancelled: nothing was changed.');
  return v.parse(InputSchema, { userId, authToken });
};

const MAX_INPUT_BYTES = 64 * 1024;

const readStdin = async (io: CommandIo): Promise<Credentials> => {
  const chunks: Buffer[] = [];
  let sizeBytes = 0;
  for await (const chunk of io.stdin as AsyncIterable<Buffer>) {
    sizeBytes += chunk.length;
    if (sizeBytes <= MAX_INPUT_BYTES) chunks.push(chunk);
  }
  const parsed = v.safeParse(InputSchema, parseJson(Buffer.concat(chunks).toString('utf8')));
  if (parsed.success && sizeBytes <= MAX_INPUT_BYTES) return parsed.output;
  throw new UsageError(
    'stdin is not a terminal, so it must hold {"userId":"…","authToken":"…"}, without spaces in the values. ' +
      'Run the command in a terminal to be asked for them.',
  );
};

const parseJson = (input: string): unknown => {
  try {
    return JSON.parse(input);
  } catch {
    return undefined;
  }
};
