import { type Clock, systemClock } from '@engramkit/core';

/** The prefixes of the identifiers that we mint; peers' identifiers are opaque. Source: arcp section 1.2. */
export type IdentifierPrefix =
  | 'msg_'
  | 'sess_'
  | 'job_'
  | 'res_'
  | 'p_'
  | 'call_'
  | 'del_'
  | 'cred_';

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const TIME_CHARACTERS = 10;
const RANDOM_CHARACTERS = 16;

/** Mints identifiers. */
export interface IdentifierSource {
  next(prefix: IdentifierPrefix): string;
}

/** What identifiers are made of. */
export interface IdentifierSourceOptions {
  readonly clock?: Pick<Clock, 'now'>;
  /** Fills the array with random bytes; default: the platform's cryptographic source. */
  readonly fill?: (bytes: Uint8Array) => void;
}

/**
 * ULIDs in Crockford base 32, 26 characters, strictly increasing within the source.
 *
 * Within one millisecond, and when the clock goes back, the random part counts up.
 */
export function identifierSource(options: IdentifierSourceOptions = {}): IdentifierSource {
  const { clock = systemClock, fill = (bytes) => void globalThis.crypto.getRandomValues(bytes) } =
    options;
  const bytes = new Uint8Array(RANDOM_CHARACTERS);
  const digits = new Uint8Array(RANDOM_CHARACTERS);
  let lastMs = -1;
  let timeText = '';
  let headText = '';
  const renderHead = (): void => {
    headText = '';
    for (let at = 0; at < RANDOM_CHARACTERS - 2; at += 1) headText += ALPHABET[digits[at]!];
  };
  const tick = (nowMs: number): void => {
    lastMs = nowMs;
    timeText = '';
    for (let rest = nowMs, at = 0; at < TIME_CHARACTERS; at += 1) {
      timeText = ALPHABET[rest % 32] + timeText;
      rest = Math.floor(rest / 32);
    }
    fill(bytes);
    for (let at = 0; at < RANDOM_CHARACTERS; at += 1) digits[at] = bytes[at]! & 31;
    digits[0] = digits[0]! & 15; // Room to count up within the millisecond.
    renderHead();
  };
  const countUp = (): void => {
    for (let at = RANDOM_CHARACTERS - 1; at >= 0; at -= 1) {
      if (digits[at]! < 31) {
        digits[at] = digits[at]! + 1;
        if (at < RANDOM_CHARACTERS - 2) renderHead();
        return;
      }
      digits[at] = 0;
    }
    tick(lastMs + 1);
  };
  return {
    next(prefix) {
      const nowMs = clock.now();
      if (nowMs > lastMs) tick(nowMs);
      else countUp();
      return (
        prefix +
        timeText +
        headText +
        ALPHABET[digits[RANDOM_CHARACTERS - 2]!] +
        ALPHABET[digits[RANDOM_CHARACTERS - 1]!]
      );
    },
  };
}

const RESUME_TOKEN_BYTES = 32;

/** A resume token: `rt_` and 64 hexadecimal digits, 256 random bits. Source: arcp section 1.2. */
export function resumeToken(
  fill: (bytes: Uint8Array) => void = (bytes) => void globalThis.crypto.getRandomValues(bytes),
): string {
  return `rt_${hex(fill, RESUME_TOKEN_BYTES)}`;
}

const TRACE_ID_BYTES = 16;
const TRACE_ID = /^[0-9a-f]{32}$/;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/;
const NO_TRACE = '0'.repeat(32);

/** A fresh trace id: 32 lower-case hexadecimal digits, not all zero. */
export function newTraceId(fill: (bytes: Uint8Array) => void = fillFromPool): string {
  const traceId = hex(fill, TRACE_ID_BYTES);
  return traceId === NO_TRACE ? `${NO_TRACE.slice(1)}1` : traceId;
}

/**
 * The trace id that a peer meant: 32 hexadecimal digits as they are, the second group of a `traceparent`, else nothing.
 *
 * Source: arcp section 1.1, E-4.
 */
export function readTraceId(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const traceId = TRACE_ID.test(value) ? value : TRACEPARENT.exec(value)?.[1];
  return traceId === undefined || traceId === NO_TRACE ? undefined : traceId;
}

/** Random bytes drawn in advance: a call of the platform's source costs more than a trace id. Never used for secrets. */
const pool = new Uint8Array(4_096);
let poolAt = pool.length;

function fillFromPool(bytes: Uint8Array): void {
  if (poolAt + bytes.length > pool.length) {
    globalThis.crypto.getRandomValues(pool);
    poolAt = 0;
  }
  bytes.set(pool.subarray(poolAt, poolAt + bytes.length));
  poolAt += bytes.length;
}

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

function hex(fill: (bytes: Uint8Array) => void, length: number): string {
  const bytes = new Uint8Array(length);
  fill(bytes);
  let text = '';
  for (const byte of bytes) text += HEX[byte];
  return text;
}
