import { spawn } from 'node:child_process';
import { CommandError, type CommandIo, ExitCode } from '../command.ts';
import { createOutput } from '../output.ts';
import { findTarget, type TargetOptions } from '../target/options.ts';
import { consoleUrl, type Page } from './console-url.ts';

/** `relay open` @returns the exit code @throws CommandError if there is no such page */
export const openPage = async (page: Page, options: TargetOptions, io: CommandIo): Promise<number> => {
  const output = createOutput(io, options);
  const target = await findTarget(options, io);
  if (target.stack === undefined) {
    throw new CommandError(
      `The embedded relay has no console. Use: npx relay ${{ dashboard: 'status', logs: 'logs', queue: 'status', 'dead-letters': 'dead-letters list' }[page]} --local`,
    );
  }
  const url = consoleUrl(page, { ...target, ...target.stack });
  if (url === undefined) {
    throw new CommandError(
      `${target.name} is deployed without a dashboard (dashboard: false). See: npx relay status ${target.option}`,
    );
  }
  output.record({ page, url }, url);
  const [program, ...args] = opener(io) ?? [];
  // The URL was printed, so a browser that does not start is no failure.
  if (program !== undefined) {
    const browser = spawn(program, [...args, url], { detached: true, stdio: 'ignore' });
    browser.on('error', () => {});
    browser.unref();
  }
  return ExitCode.Done;
};

/** The program that opens a URL; undefined if nobody sees its window. */
const opener = ({ isTerminal, env }: CommandIo): readonly string[] | undefined => {
  if (!isTerminal) return undefined;
  if (process.platform === 'darwin') return ['open'];
  if (process.platform === 'win32') return ['rundll32', 'url.dll,FileProtocolHandler'];
  return env['DISPLAY'] || env['WAYLAND_DISPLAY'] ? ['xdg-open'] : undefined;
};
