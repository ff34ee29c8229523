import type { CommandIo } from '../command.ts';

const CTRL_C = '\u0003';

/**
 * Calls `onKey` for each key pressed. Ctrl-C is sent to this process as a signal, as without raw mode.
 * @returns a function that gives the terminal back
 */
export const readKeys = ({ stdin }: Pick<CommandIo, 'stdin'>, onKey: (key: string) => void): (() => void) => {
  if (stdin.setRawMode === undefined) return () => {};
  const onData = (data: Buffer): void => {
    // A pasted text has several keys, and a key such as an arrow sends a sequence that begins with Escape.
    const text = data.toString('utf8');
    if (text.includes(CTRL_C)) process.kill(process.pid, 'SIGINT');
    else if (text.length === 1) onKey(text);
  };
  stdin.setRawMode(true);
  stdin.on('data', onData);
  stdin.resume();
  return () => {
    stdin.off('data', onData);
    stdin.setRawMode?.(false);
    stdin.pause();
  };
};
