import { resolve } from 'node:path';
import { durationToMs, parseDuration, systemClock } from '@engramkit/core';
import type { LogLevel } from '@engramkit/engram';
import type { CommandCall, ExitCode, Flags } from '../command.js';
import { readJsonArgument } from '../json-argument.js';
import { writeProblem } from '../problem-report.js';
import { runOnce } from '../run-once.js';
import { reportRun } from '../run-outcome.js';
import { secretSources } from '../secret-flags.js';
import { stateDirectory } from '../state-directory.js';
import { openStatusLine } from '../status-line.js';
import { suggest } from '../suggestion.js';
import { UsageError } from '../usage-error.js';

const LEVELS: readonly LogLevel[] = ['debug', 'info', 'warn', 'error'];

/** `engramkit run <module>`. */
export async function execute(call: CommandCall): Promise<ExitCode> {
  const { positionals, flags, directory, terminal, env } = call;
  const [given = ''] = positionals;
  if (flags.text('inputs') === '-' && flags.text('config') === '-') {
    throw new UsageError('--inputs and --config cannot both come from standard input', {
      hint: 'Put one of them into a file: --config @config.yaml.',
    });
  }
  const timeoutMs = durationOf('timeout', flags);
  const loadTimeoutMs = durationOf('load-timeout', flags);
  const logLevel = logLevelOf(flags);
  const secrets = secretSources(flags.texts('secret'), directory);
  if (flags.on('watch')) {
    const { watchAndRun } = await import('../watch.js');
    return await watchAndRun(call, resolve(directory, given));
  }
  const config = await document('config', flags, directory);
  const inputs = await document('inputs', flags, directory);
  const state = stateDirectory({ flag: flags.text('directory'), directory });
  const quiet = flags.on('quiet');
  const machine = flags.on('json');
  using status = openStatusLine(terminal.stderr, systemClock);
  return await runOnce(
    {
      moduleFile: given,
      exportName: flags.text('export'),
      stepName: flags.text('step'),
      parent: flags.text('parent'),
      config,
      inputs,
      secrets,
      timeoutMs,
      loadTimeoutMs,
      logLevel,
      stateDirectory: state,
      env,
      terminal,
      status: quiet ? undefined : status,
    },
    {
      ended: (run) => reportRun(run, { call, moduleFile: given, machine, quiet }),
      failed: (error) => writeProblem(terminal, error, { machine, command: 'run' }),
    },
  );
}

async function document(which: 'config' | 'inputs', flags: Flags, directory: string) {
  const value = flags.text(which);
  return value === undefined
    ? {}
    : await readJsonArgument(`--${which}`, value, {
        directory,
        // Opened by the first look at it, so looked at only when it is read.
        get stdin() {
          return process.stdin;
        },
      });
}

function durationOf(flag: string, flags: Flags): number | undefined {
  const text = flags.text(flag);
  if (text === undefined) return undefined;
  let milliseconds: number;
  try {
    milliseconds = durationToMs(parseDuration(text));
  } catch (error) {
    throw new UsageError(`--${flag} ${text} is not a duration`, {
      hint: 'Write a number with a unit, such as 500ms, 30s, 1m30s or 2h.',
      cause: error,
    });
  }
  if (milliseconds > 0) return milliseconds;
  throw new UsageError(`--${flag} ${text} leaves no time`, {
    hint: `Give a duration above zero, or leave --${flag} out.`,
  });
}

function logLevelOf(flags: Flags): LogLevel {
  const text = flags.text('log-level');
  if (text === undefined) return flags.on('quiet') ? 'warn' : 'info';
  const level = LEVELS.find((known) => known === text);
  if (level !== undefined) return level;
  const meant = suggest(text, LEVELS);
  throw new UsageError(`--log-level ${text} is no level`, {
    hint: `${meant === undefined ? '' : `Did you mean ${meant}? `}Levels are ${LEVELS.join(', ')}.`,
  });
}
