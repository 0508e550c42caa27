import { parseJson } from '@engramkit/core';
import { parsePythonJson } from '@engramkit/ids';
import type { Exchange } from './exchange.js';
import { HttpProblem } from './problem.js';

/** Far deeper than events are, and far from what endangers a stack. */
const DEEPEST = 256;
/** A fraction or an exponent, sixteen digits, or a negative zero. Source: function-descriptor section 3.7. */
const NUMBER_WITH_MORE = /[0-9][.eE]|[0-9]{16}|-0/;

/** The media type of a request, in lower case and without parameters. */
export function mediaTypeOf(exchange: Exchange): string {
  return (exchange.header('content-type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
}

/** Whether a media type is JSON. */
export function isJson(mediaType: string): boolean {
  return (
    mediaType === 'application/json' ||
    /^[a-z0-9.!#$&^_-]+\/[a-z0-9.!#$&^_-]+\+json$/.test(mediaType)
  );
}

/** Reads the body as JSON without losing what tells floats from integers. Source: function-descriptor section 11. */
export async function readJson(exchange: Exchange, limitBytes: number): Promise<unknown> {
  const mediaType = mediaTypeOf(exchange);
  if (!isJson(mediaType)) {
    // Asking for the type also keeps pages of other sites from posting here: browsers ask first.
    throw new HttpProblem(415, 'MEDIA_TYPE_UNSUPPORTED', 'The body must be JSON.', {
      hint: 'Send the header Content-Type: application/json.',
    });
  }
  return parseBody(await readBody(exchange, limitBytes), limitBytes);
}

/** Reads the body as it is. */
export async function readBody(exchange: Exchange, limitBytes: number): Promise<Uint8Array> {
  const encoding = exchange.header('content-encoding')?.trim().toLowerCase() ?? '';
  if (encoding !== '' && encoding !== 'identity') {
    throw new HttpProblem(415, 'CONTENT_ENCODING_UNSUPPORTED', 'Compressed bodies are not taken.', {
      hint: 'Send the body without Content-Encoding.',
      headers: { 'accept-encoding': 'identity' },
    });
  }
  const charset = /;\s*charset\s*=\s*"?([^";\s]+)/i.exec(
    exchange.header('content-type') ?? '',
  )?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw new HttpProblem(415, 'CHARSET_UNSUPPORTED', 'The body must be UTF-8.');
  }
  return exchange.body(limitBytes);
}

/** Parses a body; refuses names that reach for prototypes, because handlers copy events. */
export function parseBody(bytes: Uint8Array, limitBytes: number): unknown {
  const bounds = { maxBytes: limitBytes, maxDepth: DEEPEST, what: 'the body' } as const;
  const text = textOf(bytes);
  // Most bodies have no number that the faster parser could lose; what only looks like one in a text does no harm.
  if (!NUMBER_WITH_MORE.test(text)) {
    return parseJson(text, { ...bounds, duplicateKeys: 'refuse', prototypeKeys: 'refuse' });
  }
  const value = parsePythonJson(text, { ...bounds, duplicateKeys: 'refuse', nonFinite: false });
  if (reachesForPrototype(value)) {
    throw new HttpProblem(400, 'JSON_FORBIDDEN_KEY', 'The body has a member named __proto__.', {
      hint: 'Use another name.',
    });
  }
  return value;
}

const decoder = new TextDecoder('utf-8', { fatal: true });

function textOf(bytes: Uint8Array): string {
  try {
    return decoder.decode(bytes);
  } catch {
    throw new HttpProblem(400, 'JSON_INVALID', 'The body is not valid UTF-8.');
  }
}

function reachesForPrototype(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (Array.isArray(value)) return value.some(reachesForPrototype);
  if (Object.hasOwn(value, '__proto__')) return true;
  return Object.values(value).some(reachesForPrototype);
}

/** The members of a body that must be an object with known members only. */
export function membersOf(
  value: unknown,
  known: readonly string[],
): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw badBody('The body must be a JSON object.', known);
  }
  const unknown = Object.keys(value).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw badBody(
      `The body has the unknown member ${JSON.stringify(unknown.slice(0, 80))}.`,
      known,
    );
  }
  return value as Readonly<Record<string, unknown>>; // An object, as was just seen.
}

function badBody(message: string, known: readonly string[]): HttpProblem {
  return new HttpProblem(400, 'BODY_INVALID', message, {
    hint: `The members of the body are ${known.join(', ')}.`,
  });
}
