// Shared by the scripts: running programs, and steps that show themselves while they run.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the whole repository. */
export const root = path.join(path.dirname(fileURLToPath(import.meta.url)), '..');

/** A failure that is told in words, without a stack. */
export class Refusal extends Error {}

const children = new Set();

// A terminal sends Ctrl-C to the whole group by itself; a supervisor's SIGTERM reaches only this process.
process.on('SIGINT', () => {
  if (children.size === 0) process.exit(130);
});
process.on('SIGTERM', () => {
  for (const child of children) child.kill('SIGTERM');
  if (children.size === 0) process.exit(143);
});

/**
 * Runs a program to its end. With `capture` its output comes back in `output` (and `stdout` alone in `stdout`) instead of going
 * to the terminal; `timeoutMs` (default ten minutes, 0 for none) ends it with SIGKILL.
 */
export function run(command, args, options = {}) {
  const { cwd = root, capture = false, shell = false, input } = options;
  const plain = capture ? { NO_COLOR: '1', FORCE_COLOR: undefined } : {};
  const env = { ...(options.env ?? process.env), ...plain };
  const { timeoutMs = 600_000 } = options;
  return new Promise((resolve, reject) => {
    const stdio = capture ? [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] : 'inherit';
    const child = spawn(command, args, { cwd, env, stdio, shell });
    children.add(child);
    let output = '';
    let stdout = '';
    if (capture) {
      child.stdout.setEncoding('utf8').on('data', (text) => {
        output += text;
        stdout += text;
      });
      child.stderr.setEncoding('utf8').on('data', (text) => {
        output += text;
      });
      if (input !== undefined) child.stdin.end(input);
    }
    const end = () => {
      output += `\n(ended after ${timeoutMs / 1000} s)\n`;
      child.kill('SIGKILL');
    };
    const timer = timeoutMs > 0 ? setTimeout(end, timeoutMs) : undefined;
    child.on('error', (error) => {
      clearTimeout(timer);
      children.delete(child);
      reject(error);
    });
    child.on('close', (code, signal) => {
      clearTimeout(timer);
      children.delete(child);
      resolve({ status: code === null ? 1 : code, signal, output, stdout });
    });
  });
}

/** How long it is since `began` (from `Date.now()`), for people. */
export const elapsed = (began) => `${((Date.now() - began) / 1000).toFixed(1)} s`;

/**
 * Runs one named step on standard error: a running clock on a terminal, a start and an end line elsewhere. What `action` returns
 * is shown as the detail; `null` keeps the end line away.
 */
export async function step(name, action) {
  const began = Date.now();
  const live = process.stderr.isTTY === true && !process.env.CI;
  const write = (text) => process.stderr.write(text);
  const clear = () => live && write('\r\u001b[2K');
  const ticker = live
    ? setInterval(() => write(`\r  … ${name}  ${elapsed(began)}`), 200)
    : undefined;
  if (!live) write(`  … ${name}\n`);
  try {
    const detail = await action();
    clear();
    if (detail !== null) write(`  ✓ ${name}${detail ? `: ${detail}` : ''}  ${elapsed(began)}\n`);
    return detail;
  } catch (error) {
    clear();
    write(`  ✗ ${name}  ${elapsed(began)}\n`);
    throw error;
  } finally {
    clearInterval(ticker);
  }
}

/** Ends a script: prints a failure (without a stack when it is a {@link Refusal}) and sets the exit code. */
export function finish(promise) {
  promise.then(
    (status) => {
      process.exitCode = status ?? 0;
    },
    (error) => {
      process.stderr.write(`\n${error instanceof Refusal ? error.message : error.stack}\n`);
      process.exitCode = 1;
    },
  );
}
