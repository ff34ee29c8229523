import { type CommandIo, ExitCode } from '../command.ts';
import type { Output } from '../output.ts';
import { printable } from '../terminal.ts';
import type { Finding } from './check.ts';
import type { Outcome } from './run-checks.ts';

/** One line for each check, details only where something is wrong, and one verdict at the end. */
export interface DoctorReport {
  outcome(outcome: Outcome): void;
  /** @returns the exit code */
  verdict(): number;
}

const STATUS_WIDTH = 9;
const NAME_WIDTH = 22;

export const createDoctorReport = (output: Output, io: Pick<CommandIo, 'isTerminal' | 'columns'>): DoctorReport => {
  const counts = { ok: 0, warning: 0, problem: 0, unknown: 0, skipped: 0 };
  const paint = {
    ok: output.good,
    warning: output.warn,
    problem: output.bad,
    unknown: output.bad,
    skipped: output.faint,
  };
  const width = io.isTerminal ? (io.columns ?? 80) : Number.POSITIVE_INFINITY;
  const indent = ' '.repeat(STATUS_WIDTH);
  const details = ({ what, why, mend }: Finding): string[] => [
    ...wrapped(printable(what), width - STATUS_WIDTH).map((line) => indent + line),
    ...wrapped(`why:  ${printable(why)}`, width - STATUS_WIDTH).map((line) => indent + output.faint(line)),
    // A command that is broken into lines could not be copied.
    ...(io.isTerminal ? mend.split(/(?<=;) /) : [mend]).map(
      (part, i) => `${indent}${i === 0 ? 'mend: ' : '      '}${output.strong(printable(part))}`,
    ),
  ];
  return {
    outcome({ check, status, note, findings }) {
      counts[status] += 1;
      const line = `${paint[status](status.padEnd(STATUS_WIDTH))}${check.name.padEnd(NAME_WIDTH)}`;
      const rest = wrapped(printable(note), width - STATUS_WIDTH - NAME_WIDTH);
      const text = rest.map((part, i) => (i === 0 ? line : ' '.repeat(STATUS_WIDTH + NAME_WIDTH)) + output.faint(part));
      output.record({ check: check.name, status, note, findings }, [...text, ...findings.flatMap(details)].join('\n'));
    },
    verdict() {
      const { ok: fine, warning, problem, unknown, skipped } = counts;
      const isHealthy = problem + unknown === 0;
      const parts = [
        problem > 0 && `${problem} ${problem === 1 ? 'check has' : 'checks have'} problems`,
        unknown > 0 && `${unknown} could not run`,
        warning > 0 && `${warning} ${warning === 1 ? 'has a warning' : 'have warnings'}`,
        `${fine} ${fine === 1 ? 'is' : 'are'} ok`,
        skipped > 0 && `${skipped} ${skipped === 1 ? 'was' : 'were'} skipped`,
      ].filter((part) => part !== false);
      const verdict = `${isHealthy ? 'Healthy' : 'Not healthy'}: ${parts.join(', ')}.`;
      output.record(
        { verdict: isHealthy ? 'healthy' : 'not healthy', ...counts },
        isHealthy ? output.good(verdict) : output.bad(verdict),
      );
      return isHealthy ? ExitCode.Done : ExitCode.Failed;
    },
  };
};

/** Breaks a text at spaces. A longer word stays whole. */
const wrapped = (text: string, width: number): string[] => {
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) ?? '';
    if (line !== '' && line.length + 1 + word.length > width) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines;
};
