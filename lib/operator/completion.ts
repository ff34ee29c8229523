import { readdirSync, statSync } from 'node:fs';
import tab from '@bomb.sh/tab/commander';
import type { AddCommand } from './command.ts';

/** The name that npm links; `npx relay` has no completion of its own. */
const BINARY = 'relay';

/**
 * `relay completion SHELL` prints a script for the shell, and the hidden `relay complete` answers it. Must be added last,
 * because it reads the other commands. This is the only file that knows @bomb.sh/tab, whose API may still change.
 */
export const addCompletion: AddCommand = (program) => {
  const name = program.name();
  // The package takes the name of the binary, which the scripts call, from the program.
  const completion = tab(program.name(BINARY), { completionCommandName: 'completion' });
  program.name(name);
  program.commands
    .find((command) => command.name() === 'completion')
    ?.summary('print the completion script of a shell')
    .addHelpText(
      'after',
      '\nExamples, for a command that is installed with npm install --global s3-to-rocketchat:\n' +
        '  relay completion bash > ~/.local/share/bash-completion/completions/relay\n' +
        '  relay completion zsh > ~/.zsh/completions/_relay   # a folder in $fpath\n' +
        '  relay completion fish > ~/.config/fish/completions/relay.fish\n',
    );
  for (const [path, entry] of completion.commands) {
    entry.description = program.commands.find((command) => command.name() === path)?.summary() || entry.description;
    // The scripts turn the shell's own completion of file names off.
    const file = entry.arguments.get('FILE');
    if (file !== undefined) file.handler = completeFiles;
  }
};

const completeFiles = (complete: (value: string, description: string) => void): void => {
  for (const entry of readdirSync('.')) {
    const isFolder = statSync(entry, { throwIfNoEntry: false })?.isDirectory() === true;
    complete(isFolder ? `${entry}/` : entry, '');
  }
};
