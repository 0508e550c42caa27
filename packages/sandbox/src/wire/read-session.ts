import type { JsonValue } from '@engramkit/core';
import {
  checkSessionId,
  DEFAULT_LIMITS,
  type Language,
  languageOf,
  type SessionLimits,
  type SessionMeta,
  SNAPSHOT_VERSION,
} from './session-types.js';
import { problem, WireReader } from './wire-reader.js';

/** Reads session limits; every member is required. Throws `INVALID_ARGUMENT`. */
export function readSessionLimits(value: JsonValue, path = ''): SessionLimits {
  const reader = new WireReader(value, path);
  return {
    memory_mb: reader.u32('memory_mb'),
    cpu_ms: reader.u32('cpu_ms'),
    wall_ms: reader.u32('wall_ms'),
    max_stdout_bytes: reader.u32('max_stdout_bytes'),
    max_external_calls: reader.u32('max_external_calls'),
    max_stack_depth: reader.u16('max_stack_depth'),
  };
}

/** Reads limits of which any may be missing, over others. Throws `INVALID_ARGUMENT`. */
export function readPartialLimits(
  value: JsonValue,
  base: SessionLimits = DEFAULT_LIMITS,
  path = '',
): SessionLimits {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw problem(path, 'must be an object');
  }
  return readSessionLimits({ ...base, ...value }, path);
}

/** Reads a language word, also the spellings people use. Throws `INVALID_ARGUMENT`. Source: sandbox section 1. */
export function readLanguage(value: JsonValue | undefined, path = ''): Language {
  const language = typeof value === 'string' ? languageOf(value) : undefined;
  if (language !== undefined) return language;
  throw problem(path, 'must be python or type_script');
}

/** Reads the facts of a session. Throws `INVALID_ARGUMENT` or `INVALID_SESSION_ID`. */
export function readSessionMeta(value: JsonValue, path = ''): SessionMeta {
  const reader = new WireReader(value, path);
  return {
    id: checkSessionId(reader.text('id')),
    created_at: reader.u64('created_at'),
    last_used_at: reader.u64('last_used_at'),
    language: readLanguage(reader.raw('language'), reader.at('language')),
    limits: readSessionLimits(reader.raw('limits') ?? null, reader.at('limits')),
    snapshot_version: reader.u32('snapshot_version', SNAPSHOT_VERSION),
  };
}
