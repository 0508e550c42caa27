import { createHash } from 'node:crypto';
import { stringifyJson } from '@engramkit/core';
import type { DocumentFacts } from './run-record.js';

/** Size and digest of a document; of one that is not JSON, those of nothing: decoding says what is wrong with it. */
export function documentFacts(value: unknown): DocumentFacts {
  let text: string;
  try {
    text = stringifyJson(value, { maxDepth: 2_000 });
  } catch {
    text = '';
  }
  return {
    bytes: Buffer.byteLength(text),
    digest: `sha256:${createHash('sha256').update(text).digest('hex')}`,
  };
}
