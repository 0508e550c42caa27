import { resolve } from 'node:path';
import { UsageError } from './usage-error.js';

/**
 * Reads `--secret name=env:VAR` and `--secret name=file:PATH` into sources by name; relative paths start at `directory`.
 *
 * Throws a {@link UsageError} that never repeats what stands behind the equals sign: it may be the secret itself.
 */
export function secretSources(
  flags: readonly string[],
  directory: string,
): Readonly<Record<string, string>> {
  const sources = new Map<string, string>();
  for (const flag of flags) {
    const equals = flag.indexOf('=');
    const name = (equals === -1 ? '' : flag.slice(0, equals)).trim();
    if (name === '') {
      throw new UsageError('--secret has no name', { hint: FORM });
    }
    if (sources.has(name)) {
      throw new UsageError(`--secret names ${name} twice`, {
        hint: 'Each secret comes from exactly one place; remove one of the two.',
      });
    }
    const source = flag.slice(equals + 1);
    if (source.startsWith('file:')) {
      const path = source.slice('file:'.length);
      sources.set(name, path.trim() === '' ? source : `file:${resolve(directory, path)}`);
    } else if (/^env:./.test(source)) {
      sources.set(name, source);
    } else {
      throw new UsageError(`--secret ${name} names neither a variable nor a file`, { hint: FORM });
    }
  }
  return Object.fromEntries(sources);
}

const FORM =
  'Write --secret NAME=env:VARIABLE or --secret NAME=file:PATH; the value itself never stands on the command line.';
