import { readFileSync } from 'node:fs';

/** Linux reports a program's CPU time in hundredths of a second. */
const TICKS_PER_SECOND = 100;

/** The CPU time that a process has used, user and system. */
export const cpuSeconds = (pid: number): number => {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  // The second field is the program's name in parentheses, which can contain spaces.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
};

/** The peak resident memory of a process. The kernel records it, so no peak between samples is missed. */
export const peakMemoryMb = (pid: number): number => {
  const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  if (kilobytes === undefined) throw new Error('the benches read /proc, which only Linux has');
  return Number(kilobytes) / 1024;
};
