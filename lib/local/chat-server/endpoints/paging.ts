const DEFAULT_COUNT = 50;

/** A page of a list by the query's `offset` and `count`, with the numbers that go with it in an answer. */
export const pageOf = <T>(items: readonly T[], query: URLSearchParams) => {
  const offset = wholeNumber(query.get('offset')) ?? 0;
  const count = wholeNumber(query.get('count')) ?? DEFAULT_COUNT;
  const page = items.slice(offset, count === 0 ? undefined : offset + count);
  return { page, count: page.length, offset, total: items.length };
};

const wholeNumber = (text: string | null): number | undefined =>
  text !== null && /^\d+$/.test(text) ? Number(text) : undefined;
