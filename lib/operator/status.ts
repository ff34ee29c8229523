import { type AddCommand, withExamples } from './command.ts';
import { timeOption } from './option-values.ts';
import type { StatusOptions } from './status/show-status.ts';
import { addTargetOptions } from './target/options.ts';

/** `relay status`: how far behind the relay is, or the story of one object. */
export const addStatus: AddCommand = (program, io, action) => {
  const command = program
    .command('status')
    .summary('how far behind the relay is, or the story of an object')
    .description(
      'Without an object: what waits, how old it is and how long it takes, what was posted today, and why deliveries fail. With ' +
        'an object: its event, route, room, attempts, errors and message, or why S3 never told the relay of it. A prefix that ends ' +
        'in a slash counts its objects by state, as relay reconcile does.',
    )
    .argument('[OBJECT]', 's3://BUCKET/KEY, or s3://BUCKET/PREFIX/')
    .option(
      '--since <time>',
      'how far back the log is read for failures (default: 1h; for an object since its upload, at most 14d)',
      timeOption,
    );
  withExamples(
    addTargetOptions(command),
    'npx relay status --local',
    'npx relay status s3://uploads/reports/2026/weekly.pdf --stack RocketChatRelay',
  ).action(
    action(async (object: string | undefined, options: StatusOptions) => {
      const { showStatus } = await import('./status/show-status.ts');
      return showStatus(object, options, io);
    }),
  );
};
