import { type ChildProcess, spawn } from 'node:child_process';
import { type Clock, systemClock } from '@engramkit/core';
import { watchForChanges } from './change-watcher.js';
import type { CommandCall, ExitCode } from './command.js';
import { moduleGraph } from './module-graph.js';
import { shortPath } from './run-outcome.js';
import { openStatusLine } from './status-line.js';
import { UsageError } from './usage-error.js';

/** How long a run may take to stop after it was asked to, before it is ended. */
const DRAIN_MS = 10_000;

/**
 * Runs the modules, and again whenever one of their files changes, until a signal ends it.
 *
 * Every run is a process of its own, so that each one starts from the files as they are. A change while a run goes on asks it
 * to stop and waits for it first.
 */
export async function watchAndRun(
  call: CommandCall,
  ...moduleFiles: readonly string[]
): Promise<ExitCode> {
  const { flags, terminal, directory } = call;
  refuse(flags.on('json'), '--watch and --json exclude each other: the result is one document');
  const fromStdin = flags.text('inputs') === '-' || flags.text('config') === '-';
  refuse(fromStdin, '--watch cannot read standard input again for every run');

  using watcher = watchForChanges(systemClock);
  using status = openStatusLine(terminal.stderr, systemClock);
  const running: { child?: ChildProcess } = {};
  using stop = forwardSignals(() => running.child);
  const { signal } = stop;
  for (;;) {
    const graphs = await Promise.all(moduleFiles.map(moduleGraph));
    const files = new Set(graphs.flatMap((graph) => [...graph]));
    watcher.follow(files);
    const child = startRun();
    running.child = child.process;
    const change = watcher.changed(signal);
    const first = await Promise.race([change.then(asChange, () => 'over' as const), child.ended]);
    if (first === 'over' || signal.aborted) {
      await child.ended;
      return 0;
    }
    let changed: readonly string[] | undefined = typeof first === 'string' ? undefined : first;
    if (changed === undefined) {
      status.show(`watching ${files.size} file${files.size === 1 ? '' : 's'}; Ctrl-C ends`);
      changed = await change.catch(() => undefined);
      status.clear();
      if (changed === undefined) return 0;
    } else {
      await drain(child, systemClock);
    }
    const names = changed.slice(0, 3).map((file) => shortPath(file, directory));
    const { stderr } = terminal;
    stderr.write(`\n${stderr.paint('cyan', '↻')} ${names.join(', ')} changed, running again\n`);
  }
}

function asChange(files: readonly string[]): readonly string[] {
  return files;
}

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Passes signals on to the run, which knows how to stop; `signal` aborts at the first one. */
function forwardSignals(child: () => ChildProcess | undefined): Disposable & {
  readonly signal: AbortSignal;
} {
  const controller = new AbortController();
  const listener = (name: NodeJS.Signals): void => {
    // On a terminal Ctrl-C has reached the run already; passed on, it would count as the second one.
    if (name !== 'SIGINT' || process.stdin.isTTY !== true) child()?.kill(name);
    controller.abort();
  };
  for (const name of SIGNALS) process.on(name, listener);
  return {
    signal: controller.signal,
    [Symbol.dispose]() {
      for (const name of SIGNALS) process.off(name, listener);
    },
  };
}

interface ChildRun {
  readonly process: ChildProcess;
  readonly ended: Promise<'ended'>;
}

function startRun(): ChildRun {
  const args = process.argv.slice(1).filter((arg) => arg !== '--watch');
  const child = spawn(process.execPath, [...process.execArgv, ...args], { stdio: 'inherit' });
  const ended = new Promise<'ended'>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', () => resolve('ended'));
  });
  return { process: child, ended };
}

async function drain(run: ChildRun, clock: Clock): Promise<void> {
  run.process.kill('SIGTERM');
  using _limit = clock.setTimer(() => run.process.kill('SIGKILL'), DRAIN_MS);
  await run.ended;
}

function refuse(when: boolean, message: string): void {
  if (!when) return;
  throw new UsageError(message, { hint: 'Leave one of the two out.' });
}
