import type { AddCommand } from './command.ts';
import { addLocalOptions, readLocalOptions } from './local/options.ts';

/** `relay local` (`npm start`): runs the whole relay on this machine and uploads files into it. */
export const addLocal: AddCommand = (program, io, action) => {
  addLocalOptions(program.command('local')).action(
    action(async (files: string[], values: Parameters<typeof readLocalOptions>[1]) => {
      const options = readLocalOptions(files, values, io);
      const { runLocal } = await import('./local/run.ts');
      return runLocal(options, io);
    }),
  );
};
