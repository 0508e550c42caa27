import { SandboxError } from './sandbox-error.js';

/** Source: sandbox section 1.1; the spelling is that of the wire. */
export const LANGUAGES = ['python', 'type_script'] as const;
/** The language of a program. */
export type Language = (typeof LANGUAGES)[number];

/** Bounds of a session and of each of its runs. Source: sandbox section 1.1. */
export interface SessionLimits {
  readonly memory_mb: number;
  /** Milliseconds inside of the guest. */
  readonly cpu_ms: number;
  /** Milliseconds from beginning to end, without the time spent waiting for approvals. */
  readonly wall_ms: number;
  /** For standard output and standard error, each. */
  readonly max_stdout_bytes: number;
  readonly max_external_calls: number;
  readonly max_stack_depth: number;
}

/** The limits when nobody says otherwise. Source: sandbox section 1.1. */
export const DEFAULT_LIMITS: SessionLimits = Object.freeze({
  memory_mb: 64,
  cpu_ms: 2_000,
  wall_ms: 5_000,
  max_stdout_bytes: 65_536,
  max_external_calls: 32,
  max_stack_depth: 256,
});

/** The version of snapshots. Source: sandbox section 1.1. */
export const SNAPSHOT_VERSION = 1;

/** The session of requests that name none. Source: sandbox section 1.1. */
export const DEFAULT_SESSION_ID = 'default';

/** What is known of a session. Source: sandbox section 1.1. */
export interface SessionMeta {
  readonly id: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly created_at: number;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly last_used_at: number;
  readonly language: Language;
  readonly limits: SessionLimits;
  readonly snapshot_version: number;
}

const SESSION_ID = /^[A-Za-z0-9_-]{1,64}$/;

/** The id as it is, or an `INVALID_SESSION_ID` error. Source: sandbox sections 1.1 and 3. */
export function checkSessionId(id: string): string {
  if (SESSION_ID.test(id)) return id;
  throw new SandboxError('INVALID_SESSION_ID', 'Session id must match ^[a-zA-Z0-9_\\-]{1,64}$.', {
    hint: 'Use letters, digits, "_" and "-", at most 64 of them.',
  });
}

/** Words that people write for the languages, beside the spelling of the wire. Source: sandbox section 1. */
const LANGUAGE_ALIASES: ReadonlyMap<string, Language> = new Map([
  ['python', 'python'],
  ['Python', 'python'],
  ['type_script', 'type_script'],
  ['typescript', 'type_script'],
  ['TypeScript', 'type_script'],
]);

/** The language that a word of the wire means; `undefined` for any other word. */
export function languageOf(word: string): Language | undefined {
  return LANGUAGE_ALIASES.get(word);
}
