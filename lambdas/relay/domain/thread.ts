import { plain } from './caption.ts';
import type { CreatedObject } from './s3-event.ts';
import type { Route } from './settings.ts';

/** A thread that several objects share. */
export interface NamedThread {
  /** The same for all of its objects. */
  readonly name: string;
  /** The message that starts it. */
  readonly text: string;
}

/** The thread of an object: that of its folder, or that of the UTC day of its upload. */
export const namedThread = (
  by: Exclude<NonNullable<Route['thread']>, 'key'>,
  { bucket, key, createdAt }: Pick<CreatedObject, 'bucket' | 'key' | 'createdAt'>,
): NamedThread => {
  if (by === 'day') {
    const day = new Date(createdAt).toISOString().slice(0, 10);
    return { name: JSON.stringify(['day', day]), text: `Files of ${day}` };
  }
  const folder = key.slice(0, key.lastIndexOf('/') + 1);
  return { name: JSON.stringify(['prefix', bucket, folder]), text: `Files in \`${plain(folder || bucket)}\`` };
};
