import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { CommandCall } from '../command.js';
import { fileProblem } from '../file-problem.js';
import { UsageError } from '../usage-error.js';

/** Principals by token; nothing when everybody is let in. */
export type ServedTokens = Readonly<Record<string, string>> | undefined;

const FORM = 'Each entry is TOKEN=PRINCIPAL; in a file one entry per line, # begins a comment.';

/** Reads `--token-file` and `--tokens`; no message repeats a token. */
export function servedTokens(
  call: CommandCall,
  options: { readonly needed: boolean },
): ServedTokens {
  const file = call.flags.text('token-file');
  const inline = call.flags.text('tokens');
  const tokens = new Map<string, string>();
  if (file !== undefined) {
    linesOf(file, call.directory).forEach((line, index) => {
      add(tokens, line, `line ${index + 1} of ${file}`);
    });
  }
  if (inline !== undefined) {
    inline.split(',').forEach((entry, index) => {
      add(tokens, entry, `entry ${index + 1} of --tokens`);
    });
  }
  if (tokens.size > 0) return Object.fromEntries(tokens);
  if (!options.needed && file === undefined && inline === undefined) return undefined;
  throw new UsageError('no token is given, so that nobody could connect', {
    hint: `Name a file with --token-file, or for a trial write --tokens tok=alice. ${FORM}`,
  });
}

function linesOf(file: string, directory: string): readonly string[] {
  const path = resolve(directory, file);
  try {
    return readFileSync(path, 'utf8').split(/\r?\n/);
  } catch (error) {
    throw fileProblem(error, {
      what: `--token-file ${file}`,
      file: path,
      code: 'TOKEN_FILE_UNREADABLE',
    });
  }
}

function add(tokens: Map<string, string>, entry: string, where: string): void {
  const text = entry.trim();
  if (text === '' || text.startsWith('#')) return;
  const equals = text.lastIndexOf('=');
  const token = text.slice(0, Math.max(0, equals)).trim();
  const principal = text.slice(equals + 1).trim();
  if (token === '' || principal === '') {
    throw new UsageError(`${where} is not a token with its principal`, { hint: FORM });
  }
  if (tokens.has(token)) {
    throw new UsageError(`${where} repeats a token`, { hint: 'Give each token to one principal.' });
  }
  tokens.set(token, principal);
}
