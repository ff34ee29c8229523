import type { ChaosReport } from './run-chaos.ts';

/** The table that the documentation prints. */
export const chaosTable = (report: ChaosReport): string => {
  const { faults } = report;
  const rows: [string, string | number][] = [
    ['objects', report.objects],
    ['events that came twice', report.repeatedEvents],
    ['deliveries', report.receives],
    ['posted', report.posted],
    ['dead-lettered (of a type the server refuses)', report.deadLettered.length],
    ['duplicates', report.duplicates],
    ['lost', list(report.lost)],
    ['corrupted', list(report.corrupted)],
    ['dead-lettered wrongly, or not though refused', list(report.unexpected)],
    ['seconds', Math.round(report.durationMs / 1_000)],
    ['faults injected', [...faults.values()].reduce((sum, count) => sum + count, 0)],
    ...[...faults]
      .sort(([a], [b]) => a.localeCompare(b))
      .map(([name, count]): [string, number] => [`  ${name}`, count]),
  ];
  return rows.map(([name, value]) => `${name.padEnd(52)}${String(value).padStart(10)}`).join('\n');
};

const list = (keys: readonly string[]): string =>
  keys.length === 0 ? '0' : `${keys.length}: ${keys.slice(0, 5).join(', ')}`;
