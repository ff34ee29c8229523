/** Quotes an argument for a POSIX shell. */
export const quoted = (argument: string): string =>
  /^[\w./:=@%+,-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;

/** A command line that can be pasted into a shell. */
export const commandLine = (...words: readonly string[]): string => words.map(quoted).join(' ');
