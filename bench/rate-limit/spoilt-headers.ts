import type { IncomingHttpHeaders } from 'node:http';
import type { Scenario } from '../../test/helpers/virtual/simulate.ts';

const [LIMIT, REMAINING, RESET] = ['x-ratelimit-limit', 'x-ratelimit-remaining', 'x-ratelimit-reset'] as const;

const all = (limit: string, remaining: string, reset: string): Scenario['spoilHeaders'] => {
  return (headers) => ({ ...headers, [LIMIT]: limit, [REMAINING]: remaining, [RESET]: reset });
};

const withReset = (change: (reset: number, date: number) => number): Scenario['spoilHeaders'] => {
  return (headers) => ({
    ...headers,
    [RESET]: String(change(Number(headers[RESET]), Date.parse(headers.date ?? ''))),
  });
};

const onlyDate = ({ date }: IncomingHttpHeaders): IncomingHttpHeaders => ({ ...(date === undefined ? {} : { date }) });
const withoutDate = ({ date: _, ...headers }: IncomingHttpHeaders): IncomingHttpHeaders => headers;

/** Forms in which the rate-limit headers can reach the relay. */
export const SPOILT_HEADERS: Readonly<Record<string, Pick<Scenario, 'spoilHeaders' | 'clockSkewMs'>>> = {
  'no headers, only 429s': { spoilHeaders: onlyDate },
  '429s without headers': { spoilHeaders: (headers, status) => (status === 429 ? onlyDate(headers) : headers) },
  'a reset in the past': { spoilHeaders: withReset((_, date) => date - 3_000) },
  'a reset in 1970': { spoilHeaders: withReset(() => 1_000) },
  'a reset in seconds': { spoilHeaders: withReset((reset) => Math.floor(reset / 1_000)) },
  'a reset in a year': { spoilHeaders: withReset((reset) => reset + 365 * 86_400_000) },
  zeros: { spoilHeaders: all('0', '0', '0') },
  'negative numbers': { spoilHeaders: all('-5', '-7', '-1') },
  'huge numbers': { spoilHeaders: all('1e300', '1e300', '1e300') },
  'words instead of numbers': { spoilHeaders: all('ten', 'few', 'soon') },
  'no Date': { spoilHeaders: withoutDate },
  "the server's clock 5 min fast": { clockSkewMs: 300_000 },
  "the server's clock 5 min slow": { clockSkewMs: -300_000 },
  '2 min fast, and no Date': { clockSkewMs: 120_000, spoilHeaders: withoutDate },
  '2 min slow, and no Date': { clockSkewMs: -120_000, spoilHeaders: withoutDate },
};
