import { type AddCommand, withExamples } from './command.ts';
import type { RouteOptions } from './route/run-route.ts';

/** `relay route`: explains which route takes an object. */
export const addRoute: AddCommand = (program, io, action) => {
  const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
  const command = program
    .command('route')
    .summary('explain which route takes an object')
    .description(
      'Explains which route takes an object, why the others do not, to which rooms it is posted, its file name, its caption ' +
        "as Rocket.Chat parses it, and whether S3's filter lets its event through. Calls nothing.",
    )
    .argument('<KEY>', "the object's key, not encoded")
    .option('--config <FILE>', 'the settings: cdk.json or a file of the same shape', 'cdk.json')
    .option('--bucket <NAME>', "the object's bucket (default: uploads)")
    .option('--size <BYTES>', "the object's size in bytes")
    .option('--content-type <TYPE>', "the object's content type")
    .option('--metadata <NAME=VALUE>', "a metadata value of the object's; may be repeated", collect)
    .option('--tag <NAME=VALUE>', "a tag of the object's; may be repeated", collect)
    .option('--json', 'print one JSON object');
  withExamples(
    command,
    'npx relay route invoices/2026/4711.pdf',
    'npx relay route photos/cat.jpg --size 20480 --content-type image/jpeg --metadata team=sales --json',
  ).action(
    action(async (key: string, options: RouteOptions) => {
      const { runRoute } = await import('./route/run-route.ts');
      return runRoute(key, options, io);
    }),
  );
};
