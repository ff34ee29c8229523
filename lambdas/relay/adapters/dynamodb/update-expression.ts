import { marshall } from '@aws-sdk/util-dynamodb';

/** Builds an UpdateExpression with a placeholder for every name. */
export const updateExpression = ({
  set = {},
  setIfMissing = {},
  copy = {},
  remove = [],
  add = {},
  names,
  values,
}: UpdateParts) => {
  const present = Object.entries(set).filter(([, value]) => value !== undefined);
  const missing = Object.entries(setIfMissing);
  const assignments = [
    ...present.map(([name]) => `#${name} = :set_${name}`),
    ...missing.map(([name]) => `#${name} = if_not_exists(#${name}, :set_${name})`),
    ...Object.entries(copy).map(([name, from]) => `#${name} = #${from}`),
  ];
  const clauses = [
    assignments.length > 0 ? `SET ${assignments.join(', ')}` : '',
    remove.length > 0 ? `REMOVE ${remove.map((name) => `#${name}`).join(', ')}` : '',
    Object.keys(add).length > 0
      ? `ADD ${Object.keys(add)
          .map((name) => `#${name} :add_${name}`)
          .join(', ')}`
      : '',
  ];
  const used = [
    ...present.map(([name]) => name),
    ...missing.map(([name]) => name),
    ...Object.entries(copy).flat(),
    ...remove,
    ...Object.keys(add),
    ...names,
  ];
  return {
    UpdateExpression: clauses.filter((clause) => clause !== '').join(' '),
    ExpressionAttributeNames: Object.fromEntries(used.map((name) => [`#${name}`, name])),
    ExpressionAttributeValues: marshall(
      {
        ...Object.fromEntries([...present, ...missing].map(([name, value]) => [`:set_${name}`, value])),
        ...Object.fromEntries(Object.entries(add).map(([name, value]) => [`:add_${name}`, value])),
        ...values,
      },
      { removeUndefinedValues: true },
    ),
  };
};

export interface UpdateParts {
  /** Values that are `undefined` are left out. */
  set?: Record<string, unknown>;
  setIfMissing?: Record<string, unknown>;
  /** Attribute → the attribute whose value is copied to it. */
  copy?: Record<string, string>;
  remove?: readonly string[];
  add?: Record<string, number>;
  /** Names and values that a condition uses. */
  names: readonly string[];
  values: Record<string, unknown>;
}
