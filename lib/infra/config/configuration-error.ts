/** The configuration is invalid. The message lists every fault, so it can be shown without a stack trace. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'CONFIGURATION_INVALID';
}

export interface Fault {
  /** For example `relay.routes[1].room`. */
  readonly place: string;
  /** The given value as JSON; absent if no value was given or if it may be secret. */
  readonly value?: string | undefined;
  /** What is allowed at this place. */
  readonly allowed: string;
}

export const configurationError = (root: string, faults: readonly Fault[]): ConfigurationError => {
  const lines = faults.map(
    ({ place, value, allowed }) => `  ${place}${value === undefined ? '' : ` is ${value}`}: ${allowed}`,
  );
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
  return new ConfigurationError(`The configuration "${root}" has ${count}:\n${lines.join('\n')}`);
};
