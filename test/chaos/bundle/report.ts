/** The figures of a run, or of several parts added up. */
export interface ChaosReport {
  objects: number;
  repeatedEvents: number;
  /** Injected faults by name. */
  faults: Record<string, number>;
  kills: number;
  posted: number;
  deadLettered: number;
  /** Messages beyond the first of each object. */
  duplicates: number;
  /** Dead letters beyond the first of each object and each unreadable record. */
  extraLetters: number;
  unreadableRecords: number;
  receives: number;
  durationMs: number;
  /** Neither posted nor dead-lettered. */
  lost: string[];
  /** Posted with other bytes than were uploaded. */
  corrupted: string[];
  /** Posted and dead-lettered. */
  both: string[];
  /** Dead-lettered objects that the server does not refuse, and objects that it refuses and that are not dead-lettered. */
  unexpected: string[];
  /** Unreadable records without a dead letter. */
  unreported: string[];
}

export const emptyReport = (): ChaosReport => ({
  objects: 0,
  repeatedEvents: 0,
  faults: {},
  kills: 0,
  posted: 0,
  deadLettered: 0,
  duplicates: 0,
  extraLetters: 0,
  unreadableRecords: 0,
  receives: 0,
  durationMs: 0,
  lost: [],
  corrupted: [],
  both: [],
  unexpected: [],
  unreported: [],
});

const COUNTS = [
  'objects',
  'repeatedEvents',
  'kills',
  'posted',
  'deadLettered',
  'duplicates',
  'extraLetters',
  'unreadableRecords',
  'receives',
  'durationMs',
] as const;
const LISTS = ['lost', 'corrupted', 'both', 'unexpected', 'unreported'] as const;

/** Adds a part's figures to the total. */
export const addReport = (total: ChaosReport, part: ChaosReport): void => {
  for (const name of COUNTS) total[name] += part[name];
  for (const name of LISTS) total[name].push(...part[name]);
  for (const [name, count] of Object.entries(part.faults)) total.faults[name] = (total.faults[name] ?? 0) + count;
};

/**
 * Whether every promise was kept. A process that is killed between a dead letter and its entry in the ledger writes the
 * letter again, so each kill may add one.
 */
export const isKept = (report: ChaosReport): boolean =>
  LISTS.every((name) => report[name].length === 0) && report.duplicates === 0 && report.extraLetters <= report.kills;

/** The table that the documentation prints. */
export const chaosTable = (report: ChaosReport): string => {
  const rows: [string, string | number][] = [
    ['objects', report.objects],
    ['events that came twice', report.repeatedEvents],
    ['events with an unreadable record', report.unreadableRecords],
    ['deliveries', report.receives],
    ['posted', report.posted],
    ['dead-lettered', report.deadLettered],
    ['duplicates', report.duplicates],
    ['dead letters written again (at most one per kill)', report.extraLetters],
    ['lost', list(report.lost)],
    ['corrupted', list(report.corrupted)],
    ['both posted and dead-lettered', list(report.both)],
    ['dead-lettered wrongly, or refused and not dead-lettered', list(report.unexpected)],
    ['unreadable records without a dead letter', list(report.unreported)],
    ['seconds', Math.round(report.durationMs / 1_000)],
    ['faults injected', Object.values(report.faults).reduce((sum, count) => sum + count, 0)],
    ...Object.entries(report.faults)
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, count]): [string, number] => [`  ${name}`, count]),
  ];
  const width = Math.max(...rows.map(([name]) => name.length)) + 2;
  return rows.map(([name, value]) => `${name.padEnd(width)}${String(value).padStart(10)}`).join('\n');
};

const list = (keys: readonly string[]): string =>
  keys.length === 0 ? '0' : `${keys.length}: ${keys.slice(0, 5).join(', ')}`;
