import { readFileSync } from 'node:fs';
import { digestBytes, digestJson, parsePythonJson } from '@engramkit/ids';
import { describe, expect, it } from 'vitest';

interface Vector {
  readonly id: string;
  readonly fn: 'digest_bytes' | 'digest_json';
  readonly hex?: string;
  readonly json?: string;
  readonly digest: string;
  readonly preserve_order?: { readonly digest?: string };
  readonly serde_json_before_1_0_147?: { readonly digest?: string };
}

const { cases } = JSON.parse(
  readFileSync(new URL('vectors/sha3.json', import.meta.url), 'utf8'),
) as { readonly cases: readonly Vector[] };

describe('the digests of calls', () => {
  it.each(cases)('are those of the vector $id', ({ fn, hex, json, digest }) => {
    const ours =
      fn === 'digest_bytes'
        ? digestBytes(Buffer.from(hex ?? '', 'hex'))
        : digestJson(parsePythonJson(json ?? ''));
    expect(ours).toBe(digest);
  });
});
