import { resolve } from 'node:path';
import { ConfigurationError } from '../../infra/config/configuration-error.ts';
import { readRelayFile } from '../../infra/config/relay-file.ts';
import { type CommandIo, ExitCode, UsageError } from '../command.ts';
import { createOutput } from '../output.ts';
import { printable } from '../terminal.ts';
import { type Explanation, explain } from './explain.ts';
import { givenObject, type ObjectOptions } from './given-object.ts';

export interface RouteOptions extends ObjectOptions {
  readonly config: string;
  readonly json?: boolean | undefined;
}

/**
 * Prints what the routes do with an object.
 * @returns the exit code; 1 if an option is missing on which the answer depends
 * @throws UsageError
 */
export const runRoute = async (key: string, options: RouteOptions, io: CommandIo): Promise<number> => {
  const object = givenObject(key, options);
  const { routes, eventBridge } = settingsIn(resolve(io.cwd, options.config));
  const explanation = await explain({ routes, eventBridge }, object);
  const output = createOutput(io, options);
  output.record(explanation, linesOf(explanation, output.strong).join('\n'));
  return explanation.outcome === 'undecided' ? ExitCode.Failed : ExitCode.Done;
};

const settingsIn = (file: string) => {
  try {
    return readRelayFile(file);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new UsageError(error.message);
    throw error;
  }
};

const linesOf = (explanation: Explanation, strong: (text: string) => string): string[] => {
  const { rooms, fileName = '', caption = '', captionParts = [], routes, event, route } = explanation;
  const line = (title: string, text: string): string => `${title.padEnd(10)}${printable(text)}`;
  const parts = captionParts.map(({ kind, text }) => `${kind} ${JSON.stringify(text)}`);
  return [
    strong(line('outcome', outcomeText(explanation))),
    ...(explanation.outcome === 'posted'
      ? [
          line(rooms.length === 1 ? 'room' : 'rooms', rooms.join(', ')),
          line('file', fileName),
          ...caption.split('\n').map((text, i) => line(i === 0 ? 'caption' : '', text)),
          line('parsed', parts.join(', ') || 'nothing'),
        ]
      : []),
    line('event', eventText(event)),
    ...routes.map(({ place, fits, why }) =>
      line(
        place === 0 ? 'routes' : '',
        `routes[${place}] ${
          fits === false
            ? `does not fit: ${why}`
            : fits === 'undecided'
              ? `is undecided: it ${why}`
              : place === route
                ? 'fits and takes it'
                : route === undefined
                  ? 'fits'
                  : `would fit, but routes[${route}] comes first`
        }`,
      ),
    ),
  ];
};

const outcomeText = ({ outcome, route, routes, event }: Explanation): string => {
  const unseen = event.passes ? '' : ', but its event does not reach the relay';
  switch (outcome) {
    case 'posted':
      return event.passes ? `routes[${route}] posts it` : `not posted: routes[${route}] fits${unseen}`;
    case 'ignored by a route':
      return `not posted: routes[${route}] ignores it`;
    case 'no route fits':
      return 'not posted: no route fits';
    case 'directory marker':
      return 'not posted: it is empty and its key ends in "/", as S3 marks a folder';
    case 'own upload of Rocket.Chat':
      return 'not posted: the key is that of a file that Rocket.Chat itself keeps in this bucket';
    case 'undecided': {
      const first = routes.find(({ fits }) => fits === 'undecided');
      return `undecided: routes[${first?.place}] ${first?.why}; give ${first?.why?.replace('depends on ', '')}`;
    }
    default:
      return outcome satisfies never;
  }
};

const eventText = ({ passes, by, filters }: Explanation['event']): string => {
  const shown = filters.length > 5 ? [...filters.slice(0, 5), `${filters.length - 5} more`] : filters;
  return passes
    ? `${by} sends it to the relay (filter: ${shown.join('; ')})`
    : `${by} does not send it to the relay: no filter fits (${shown.join('; ')})`;
};
