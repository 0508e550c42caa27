import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll } from 'vitest';

const packageFolder = fileURLToPath(new URL('..', import.meta.url));
const program = join(packageFolder, 'dist/cli.js');
export const fixtures = join(packageFolder, 'test/fixtures');

/** What came of one call of the built program. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A call that is still going on. */
export interface Call {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Resolves when standard error or output has shown the text; rejects when the program ends without it. */
  shows(text: string): Promise<void>;
}

export interface CallOptions {
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly directory?: string;
  readonly stdin?: string | Uint8Array;
  /** A file descriptor that takes the place of standard output. */
  readonly stdout?: number;
  /** The script to start in place of the built program, such as a link to it. */
  readonly program?: string;
  /** The largest file that the program may write. */
  readonly fileLimitKiB?: number;
  /** Ends the program as a failure of the test. */
  readonly limitMs?: number;
}

/** Starts the built program; the caller awaits `ended`. */
export function start(args: readonly string[], options: CallOptions = {}): Call {
  const { env = {}, directory = fixtures, stdin, limitMs = 25_000, fileLimitKiB } = options;
  const line = [process.execPath, options.program ?? program, ...args];
  // The shell ignores the signal that the limit would send, so that writes fail with an error instead.
  const limited =
    fileLimitKiB === undefined
      ? line
      : ['sh', '-c', `trap "" XFSZ; ulimit -f ${fileLimitKiB * 2}; exec "$@"`, 'sh', ...line];
  const [command = '', ...rest] = limited;
  const child = spawn(command, rest, {
    cwd: directory,
    // Colours and certificates of the machine that runs the tests change what is seen and how long it takes.
    env: { PATH: process.env.PATH, HOME: tmpdir(), ...env },
    stdio: ['pipe', options.stdout ?? 'pipe', 'pipe'],
  });
  let stdout = '';
  let stderr = '';
  const watchers = new Set<() => void>();
  const read = (stream: NodeJS.ReadableStream | null, add: (text: string) => void): void => {
    stream?.setEncoding('utf8').on('data', (text: string) => {
      add(text);
      for (const watcher of watchers) watcher();
    });
  };
  read(child.stdout, (text) => {
    stdout += text;
  });
  read(child.stderr, (text) => {
    stderr += text;
  });
  child.stdin?.on('error', () => undefined); // A program that refuses its arguments does not read.
  child.stdin?.end(stdin ?? '');
  const ended = new Promise<Ended>((resolve, reject) => {
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`engramkit ${args.join(' ')} did not end\n${stdout}\n${stderr}`));
    }, limitMs);
    child.on('error', reject);
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      resolve({ code, signal, stdout, stderr });
    });
  });
  return {
    child,
    ended,
    shows: (text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!stdout.includes(text) && !stderr.includes(text)) return;
          watchers.delete(look);
          resolve();
        };
        watchers.add(look);
        look();
        ended.then(() => reject(new Error(`ended without ${text}\n${stdout}\n${stderr}`)), reject);
      }),
  };
}

/** Runs the built program to its end. */
export function engramkit(args: readonly string[], options: CallOptions = {}): Promise<Ended> {
  return start(args, options).ended;
}

/** A folder that exists for the tests of one file; also checks that there is a program to test. */
export function temporaryFolder(): { readonly path: string } {
  const folder = { path: '' };
  beforeAll(() => {
    if (!existsSync(program)) {
      throw new Error('dist/cli.js is missing: run "turbo run build --filter=engramkit" first');
    }
    folder.path = mkdtempSync(join(tmpdir(), 'engramkit-cli-'));
  });
  afterAll(() => rmSync(folder.path, { recursive: true, force: true }));
  return folder;
}
