import {
  checkedPath,
  checkSignal,
  fileContext,
  type SecretReadOptions,
  throwIfCancelled,
} from './expand-secrets.js';
import { readFileSecrets } from './file-secret.js';
import { compareKeys } from './key-order.js';
import { expansionError, type LocatedFailure, SecretFailure } from './secret-failure.js';
import { SecretStore } from './secret-store.js';

/**
 * Reads secrets from single sources: `env:VARIABLE` or `file:PATH` for each key.
 *
 * Unlike descriptors, a source is exactly one variable or one regular file. Limits, failure texts and fail-closed behaviour are
 * those of `expandSecrets`; a variable that is not set is a failure (`SECRET_VARIABLE_MISSING`). Failures never repeat the
 * source, because people put the secret itself there by mistake.
 */
export async function secretsFromSources<Name extends string>(
  sources: Readonly<Record<Name, string>>,
  options: SecretReadOptions,
): Promise<SecretStore<Name>> {
  checkSignal(options.signal);
  const entries: (readonly [key: string, value: string])[] = [];
  const failures: LocatedFailure[] = [];
  const names: Name[] = Object.keys(sources).sort(compareKeys) as Name[]; // The keys of a record of names.
  for (const name of names) {
    throwIfCancelled(options.signal);
    const source = sources[name];
    try {
      entries.push([name, await readSource(name, source, options)]);
    } catch (thrown) {
      throwIfCancelled(options.signal);
      if (!(thrown instanceof SecretFailure)) throw thrown;
      const kind = source.startsWith('file:') ? 'file' : 'env';
      failures.push({ secret: name, source: kind, failure: thrown });
    }
  }
  throwIfCancelled(options.signal);
  if (failures.length > 0) throw expansionError(failures);
  return new SecretStore<Name>(entries);
}

async function readSource(
  name: string,
  source: string,
  options: SecretReadOptions,
): Promise<string> {
  if (source.startsWith('env:')) {
    const variable = source.slice('env:'.length);
    const value = Object.hasOwn(options.env, variable) ? options.env[variable] : undefined;
    if (value !== undefined) return value;
    throw new SecretFailure('SECRET_VARIABLE_MISSING', 'the variable is not set');
  }
  if (source.startsWith('file:')) {
    const path = checkedPath(source.slice('file:'.length));
    const warn = (message: string): void => options.logger?.warn(message, { secret: name });
    const files = await readFileSecrets(path, {
      ...fileContext(options, warn),
      directories: false,
    });
    return files[0]?.[1] ?? '';
  }
  throw new SecretFailure('SECRET_SOURCE_INVALID', 'the source must start with env: or file:');
}
