import { Argument } from 'commander';
import { type AddCommand, withExamples } from './command.ts';
import { PAGES, type Page } from './open/console-url.ts';
import { addTargetOptions, type TargetOptions } from './target/options.ts';

/** `relay open`: a page of AWS's console. */
export const addOpen: AddCommand = (program, io, action) => {
  const command = program
    .command('open')
    .summary("open a page of AWS's console, or print its URL")
    .description(
      "Opens a page of AWS's console in the browser, and prints its URL. Without a display, it only prints it.",
    )
    .addArgument(new Argument('<PAGE>', 'the page').choices(PAGES));
  withExamples(addTargetOptions(command), 'npx relay open dashboard --stack RocketChatRelay').action(
    action(async (page: Page, options: TargetOptions) => {
      const { openPage } = await import('./open/open-page.ts');
      return openPage(page, options, io);
    }),
  );
};
