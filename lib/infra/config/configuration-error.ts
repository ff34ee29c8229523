/** What the operator configured can't be deployed. The message lists every fault and is all that they need to see. */
export class ConfigurationError extends Error {
  override readonly name = 'ConfigurationError';
  readonly code = 'CONFIGURATION_INVALID';
}

/** One thing that is wrong. */
export interface Fault {
  /** Where, e.g. `relay.routes[1].room`. */
  readonly place: string;
  /** As given, as JSON; absent where nothing was given or where it may be secret. */
  readonly value?: string | undefined;
  /** What is allowed there. */
  readonly allowed: string;
}

export const configurationError = (root: string, faults: readonly Fault[]): ConfigurationError => {
  const lines = faults.map(
    ({ place, value, allowed }) => `  ${place}${value === undefined ? '' : ` is ${value}`}: ${allowed}`,
  );
  const count = faults.length === 1 ? 'a fault' : `${faults.length} faults`;
  return new ConfigurationError(`The configuration "${root}" has ${count}:\n${lines.join('\n')}`);
};
