import { configurationError } from './configuration-error.ts';

/** The context keys that the app reads. */
const KEYS = ['relay', 'rocketChatUrl', 'room', 'bucketName', 'allowExample'] as const;

/**
 * CDK ignores a context key that the app does not read. One that differs from a key of the app only by its capitals,
 * hyphens or underscores, such as `-c rocketChatURL=…`, is a mistake.
 * @throws ConfigurationError that lists every such key
 */
export const checkContextKeys = (names: readonly string[]): void => {
  const faults = names.flatMap((name) => {
    const meant = KEYS.find((key) => key !== name && plain(key) === plain(name));
    return meant === undefined
      ? []
      : [{ place: `-c ${name}`, allowed: `is not a known key; did you mean "${meant}"?` }];
  });
  if (faults.length > 0) throw configurationError('context', faults);
};

const plain = (name: string): string => name.replaceAll(/[-_]/g, '').toLowerCase();
