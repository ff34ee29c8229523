import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildCommand } from '../../bin/build-command.ts';

let built: Promise<string> | undefined;

/** The file of the command `relay` as the package has it, which is built once in this process. */
export const builtCommand = (): Promise<string> => {
  built ??= build();
  return built;
};

const build = async (): Promise<string> => {
  const folder = mkdtempSync(join(tmpdir(), 'relay-command-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await buildCommand(folder);
  return join(folder, 'relay.mjs');
};
