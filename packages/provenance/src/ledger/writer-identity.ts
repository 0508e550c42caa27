import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Who writes, precisely enough to tell whether that process still lives. Source: provenance section 8.8. */
export interface WriterIdentity {
  readonly pid: number;
  readonly host: string;
  /** Changes with every start of the machine; empty where the system does not say. */
  readonly bootId: string;
  /** When the process started, in ticks since boot; empty where the system does not say. */
  readonly startTicks: string;
  /** The process id namespace, so that containers with one host name are told apart; empty where there is none. */
  readonly pidNamespace: string;
}

/** What is known about a process. */
export type WriterState = 'alive' | 'gone' | 'unknown';

/** Knows processes; a port, so that tests let them die. */
export interface ProcessTable {
  self(): WriterIdentity;
  stateOf(writer: WriterIdentity): WriterState;
}

/** The processes of the machine. */
export const nodeProcessTable: ProcessTable = {
  self: () => ({
    pid: process.pid,
    host: hostname(),
    bootId: bootId(),
    startTicks: processStat('self')[START_TICKS] ?? '',
    pidNamespace: pidNamespace(),
  }),
  stateOf(writer) {
    if (writer.host !== hostname() || writer.pidNamespace !== pidNamespace()) return 'unknown';
    if (writer.bootId !== bootId()) return 'gone';
    try {
      process.kill(writer.pid, 0);
    } catch (error) {
      const code = error instanceof Error && 'code' in error ? error.code : undefined;
      if (code === 'ESRCH') return 'gone';
      // EPERM: somebody else's process has this id; its start time still tells whether it is the same one.
    }
    const stat = processStat(String(writer.pid));
    // A zombie is dead; only its parent has not noticed.
    if (stat[0] === 'Z' || stat[0] === 'X') return 'gone';
    const ticks = stat[START_TICKS] ?? '';
    return ticks !== '' && writer.startTicks !== '' && ticks !== writer.startTicks
      ? 'gone'
      : 'alive';
  },
};

function bootId(): string {
  return textOf(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
}

function pidNamespace(): string {
  return textOf(() => readlinkSync('/proc/self/ns/pid'));
}

/** Position of the start time (field 22) in what {@link processStat} yields. */
const START_TICKS = 19;

/** `/proc/<pid>/stat` from field 3, the state, on; the name in field 2 may hold blanks and parentheses, so count from its end. */
function processStat(pid: string): readonly string[] {
  const stat = textOf(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat === '' ? [] : stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

function textOf(read: () => string): string {
  try {
    return read();
  } catch {
    return ''; // Not on this system, or the process is gone.
  }
}
