import type { Settings } from '../../../lambdas/relay/domain/settings.ts';

/** A room that the settings name, and where they name it. */
export interface NamedRoom {
  readonly room: string;
  readonly threadId: string | undefined;
  /** `routes[0]`, or several joined by commas. */
  readonly place: string;
}

/** Every room that the relay posts to, each once. */
export const roomsOf = ({ routes, operationsRoom }: Pick<Settings, 'routes' | 'operationsRoom'>): NamedRoom[] => {
  const named = [
    ...routes.map(({ room, threadId }, i) => ({ room, threadId, place: `routes[${i}]` })),
    ...(operationsRoom === undefined ? [] : [{ room: operationsRoom, threadId: undefined, place: 'operationsRoom' }]),
  ];
  const rooms = new Map<string, NamedRoom>();
  for (const entry of named) {
    const key = JSON.stringify([entry.room, entry.threadId]);
    const known = rooms.get(key);
    rooms.set(key, known === undefined ? entry : { ...known, place: `${known.place}, ${entry.place}` });
  }
  return [...rooms.values()];
};
