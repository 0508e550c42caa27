import { readFileSync } from 'node:fs';
import { arch, hostname, platform } from 'node:os';
import type { HostFacts } from './run-record.js';

/** Facts about this process and machine. */
export function hostFacts(): HostFacts {
  const { pid, version } = process;
  const processStart = startOf(pid);
  return {
    hostname: hostname(),
    pid,
    ...(processStart === undefined ? {} : { processStart }),
    node: version,
    platform: platform(),
    arch: arch(),
  };
}

/** Whether the process still lives; of processes on other machines nothing is known, they count as alive. */
export function isHostAlive(host: HostFacts): boolean {
  if (host.hostname !== hostname()) return true;
  try {
    process.kill(host.pid, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false;
  }
  return host.processStart === undefined || startOf(host.pid) === host.processStart;
}

/** Clock ticks from boot to the start of the process. */
function startOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name of the program stands in parentheses and may contain anything.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined; // Not Linux, or the process is gone.
  }
}
