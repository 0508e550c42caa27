import { CancelledError, EngramkitError, InvalidInputError } from '@engramkit/core';
import { readFileSecrets } from './file-secret.js';
import { compareKeys } from './key-order.js';
import type { SecretEnvironment } from './secret-descriptors.js';
import {
  expansionError,
  type LocatedFailure,
  SecretFailure,
  type SecretSourceKind,
} from './secret-failure.js';
import { nodeSecretFileSystem, type SecretFileSystem } from './secret-file-system.js';
import { SecretStore } from './secret-store.js';

/** Receives warnings; every logger fits. */
export interface SecretWarnings {
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

/** What reading secrets needs. */
export interface SecretReadOptions {
  /** The variables that `env:` refers to. */
  readonly env: SecretEnvironment;
  /** Ends the reading; the rejection is its reason. */
  readonly signal: AbortSignal;
  /** Default: the machine's files. */
  readonly fileSystem?: SecretFileSystem;
  /** Receives what was passed over: secret names and reasons, never paths or values. */
  readonly logger?: SecretWarnings;
}

/** Options of {@link expandSecrets}. */
export interface ExpandSecretsOptions extends SecretReadOptions {
  /** Descriptors by logical name: `env:<prefix>`, `file:<path>`, or a literal value. */
  readonly descriptors: Readonly<Record<string, string>>;
  /**
   * Makes two descriptors that deliver the same key an error instead of a warning; default `false`.
   *
   * Without it the first one wins, and a literal wins over all before it, as in every host of this contract.
   */
  readonly strict?: boolean;
}

type Entry = readonly [key: string, value: string];
type Warn = (message: string, key?: string) => void;

/**
 * Expands secret descriptors into secrets, in the order of their logical names.
 *
 * Fails closed: all descriptors are tried, and if any fails, the one error lists every failure (`SECRET_EXPANSION_FAILED`;
 * `details.failures` has `secret`, `source`, `code`, `reason`) and nothing is delivered. Limits per `file:` descriptor: 256
 * files, 1 MiB per file, 8 MiB in all. Rejects with the signal's reason on cancellation. Source: bobrapet-batch section 5.3.
 */
export async function expandSecrets(options: ExpandSecretsOptions): Promise<SecretStore> {
  const { descriptors, strict = false } = options;
  checkSignal(options.signal);
  const merged = new Map<string, string>();
  const failures: LocatedFailure[] = [];
  for (const secret of Object.keys(descriptors).sort(compareKeys)) {
    throwIfCancelled(options.signal);
    const descriptor = descriptors[secret] as string;
    const source = sourceOf(descriptor);
    const warn: Warn = (message, key) =>
      options.logger?.warn(message, { secret, source, ...(key === undefined ? {} : { key }) });
    try {
      const entries = await expandOne(secret, descriptor, options, warn);
      mergeEntries(merged, entries, { literal: source === 'literal', strict, warn });
    } catch (thrown) {
      throwIfCancelled(options.signal);
      if (!(thrown instanceof SecretFailure)) throw thrown;
      failures.push({ secret, source: source === 'file' ? 'file' : 'env', failure: thrown });
    }
  }
  throwIfCancelled(options.signal);
  if (failures.length > 0) throw expansionError(failures);
  return new SecretStore(merged);
}

/** The match is case-sensitive and nothing is trimmed. Source: bobrapet-batch section 5.3. */
function sourceOf(descriptor: string): SecretSourceKind | 'literal' {
  if (descriptor.startsWith('env:')) return 'env';
  return descriptor.startsWith('file:') ? 'file' : 'literal';
}

async function expandOne(
  secret: string,
  descriptor: string,
  options: SecretReadOptions,
  warn: Warn,
): Promise<readonly Entry[]> {
  switch (sourceOf(descriptor)) {
    case 'env':
      return variablesWith(descriptor.slice('env:'.length), options.env, warn);
    case 'file':
      return filesAt(descriptor.slice('file:'.length), options, warn);
    default:
      return [[secret, descriptor]];
  }
}

function variablesWith(prefix: string, env: SecretEnvironment, warn: Warn): readonly Entry[] {
  if (prefix === '') {
    throw new SecretFailure(
      'SECRET_PREFIX_EMPTY',
      'the prefix is empty; it would match everything',
    );
  }
  const entries: Entry[] = [];
  for (const variable of Object.keys(env).sort(compareKeys)) {
    const value = env[variable];
    if (value === undefined || !variable.startsWith(prefix)) continue;
    if (variable === prefix) warn('a variable named like the prefix was skipped');
    else entries.push([variable.slice(prefix.length), value]);
  }
  if (entries.length === 0) warn('no variable starts with the prefix');
  return entries;
}

async function filesAt(
  path: string,
  options: SecretReadOptions,
  warn: Warn,
): Promise<readonly Entry[]> {
  return readFileSecrets(checkedPath(path), fileContext(options, warn));
}

/** The path of a `file:` descriptor, trimmed. */
export function checkedPath(path: string): string {
  const trimmed = path.trim();
  if (trimmed === '') throw new SecretFailure('SECRET_PATH_EMPTY', 'the path is empty');
  if (trimmed.includes('\0')) throw new SecretFailure('SECRET_FILE_MISSING', 'lstat: invalid path');
  return trimmed;
}

/** What the file reader needs, from what the caller gave. */
export function fileContext(options: SecretReadOptions, warn: Warn) {
  const { fileSystem = nodeSecretFileSystem, signal } = options;
  return { fileSystem, signal, warn: (message: string) => warn(message) };
}

interface MergeRule {
  readonly literal: boolean;
  readonly strict: boolean;
  readonly warn: Warn;
}

/** All of one descriptor or nothing. Source of the collision rules: bobrapet-batch section 5.3. */
function mergeEntries(into: Map<string, string>, entries: readonly Entry[], rule: MergeRule): void {
  const accepted = new Map<string, string>();
  for (const [untrimmed, value] of entries) {
    const key = untrimmed.trim();
    if (key === '') {
      rule.warn('a secret with an empty key was skipped');
      continue;
    }
    const exists = into.has(key) || accepted.has(key);
    if (exists && rule.strict) {
      throw new SecretFailure(
        'SECRET_COLLISION',
        `the key ${JSON.stringify(key)} is delivered twice`,
      );
    }
    if (exists) {
      const kept = rule.literal ? 'the literal replaces it' : 'the first one is kept';
      rule.warn(`a key is delivered twice; ${kept}`, key);
    }
    if (!exists || rule.literal) accepted.set(key, value);
  }
  for (const [key, value] of accepted) into.set(key, value);
}

/** Refuses callers without a signal: reading files without an end in sight is a defect. */
export function checkSignal(signal: unknown): void {
  if (signal instanceof AbortSignal) return;
  throw new InvalidInputError('secrets cannot be expanded without an AbortSignal', {
    code: 'SECRET_SIGNAL_MISSING',
    hint: 'Pass the signal of the run.',
  });
}

/** Throws the reason of an aborted signal, as an `EngramkitError`. */
export function throwIfCancelled(signal: AbortSignal): void {
  if (!signal.aborted) return;
  const reason: unknown = signal.reason;
  if (reason instanceof EngramkitError) throw reason;
  throw new CancelledError('expanding secrets was cancelled', { cause: reason });
}
