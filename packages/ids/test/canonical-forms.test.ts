import { deepStrictEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import * as dagCbor from '@ipld/dag-cbor';
import * as dagJson from '@ipld/dag-json';
import erdtman from 'canonicalize';
import fc from 'fast-check';
import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { create } from 'multiformats/hashes/digest';
import { describe, expect, it } from 'vitest';
import {
  CONTENT_ID_SCHEMES,
  canonicalize,
  canonicalizeToBytes,
  contentId,
  convertContentId,
  PyFloat,
  parseContentId,
  parsePythonJson,
  verifyContentId,
} from '../src/index.js';
import { jsonValues, objectOf, pythonValues, reversed } from './arbitrary-values.js';

const runs = { numRuns: 250 };

describe('every scheme', () => {
  it.each(CONTENT_ID_SCHEMES)('%s: the order of members changes nothing', (scheme) => {
    fc.assert(
      fc.property(jsonValues, (value) => {
        const id = contentId(value, { scheme });
        expect(contentId(reversed(value), { scheme })).toBe(id);
        expect(verifyContentId(reversed(value), id)).toBe(true);
        expect(parseContentId(id).scheme).toBe(scheme);
      }),
      runs,
    );
  });

  it.each(CONTENT_ID_SCHEMES)('%s: the id is the digest of the canonical bytes', (scheme) => {
    fc.assert(
      fc.property(jsonValues, (value) => {
        const bytes = canonicalizeToBytes(value, { scheme });
        const algorithm = scheme === 'serde-sha3' ? 'sha3-256' : 'sha256';
        const digest = createHash(algorithm).update(bytes).digest();
        expect(digest.equals(parseContentId(contentId(value, { scheme })).digest)).toBe(true);
        if (scheme !== 'cidv1-dag-cbor') {
          expect(canonicalize(value, { scheme })).toBe(Buffer.from(bytes).toString());
        }
      }),
      runs,
    );
  });

  it('converts where bytes are the same, and back', () => {
    fc.assert(
      fc.property(
        jsonValues,
        fc.constantFrom(['python', 'cidv1-raw'], ['jcs', 'cidv1-json']),
        (value, [one, other]) => {
          const [first, second] = [one, other].map((scheme) =>
            contentId(value, { scheme: scheme as 'python' }),
          );
          expect(convertContentId(first!, { scheme: other as 'jcs' })).toBe(second);
          expect(convertContentId(second!, { scheme: one as 'jcs' })).toBe(first);
        },
      ),
      runs,
    );
  });
});

/** Python reads a float back as a wrapped one when it is integral; otherwise values come back as they were. */
function asRead(value: unknown): unknown {
  if (value instanceof PyFloat) return asFloat(value.value);
  if (typeof value === 'number')
    return Number.isSafeInteger(value) && !Object.is(value, -0) ? value : asFloat(value);
  if (typeof value === 'bigint') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  if (Array.isArray(value)) return value.map(asRead);
  if (typeof value !== 'object' || value === null) return value;
  return objectOf(Object.entries(value).map(([name, member]) => [name, asRead(member)]));
}

function asFloat(value: number): unknown {
  return Number.isInteger(value) ? new PyFloat(value) : value;
}

describe('different values never share a text', () => {
  it('python: the text reads back as the value, so that nothing is confused', () => {
    fc.assert(
      fc.property(pythonValues, (value) => {
        deepStrictEqual(parsePythonJson(canonicalize(value)), asRead(value));
      }),
      { numRuns: 1_000 },
    );
  });

  it('python: the text is ASCII', () => {
    fc.assert(
      fc.property(pythonValues, (value) => {
        expect(canonicalize(value)).toMatch(/^[ -~]*$/);
      }),
      runs,
    );
  });

  it('jcs: the text reads back as the value, but for the sign of zero', () => {
    const unsigned = (value: unknown): unknown => JSON.parse(JSON.stringify(value));
    fc.assert(
      fc.property(jsonValues, (value) => {
        deepStrictEqual(JSON.parse(canonicalize(value, { scheme: 'jcs' })), unsigned(value));
      }),
      runs,
    );
  });

  it('serde-sha3: the text reads back as the value', () => {
    fc.assert(
      fc.property(jsonValues, (value) => {
        deepStrictEqual(
          parsePythonJson(canonicalize(value, { scheme: 'serde-sha3' })),
          asRead(value),
        );
      }),
      runs,
    );
  });
});

describe('the libraries of others agree', () => {
  it('on RFC 8785', () => {
    fc.assert(
      fc.property(jsonValues, (value) => {
        expect(canonicalize(value, { scheme: 'jcs' })).toBe(erdtman(value));
      }),
      { numRuns: 1_000 },
    );
  });

  const cid = (code: number, algorithm: 'sha256' | 'sha3-256', bytes: Uint8Array): string =>
    CID.createV1(
      code,
      create(algorithm === 'sha256' ? 0x12 : 0x16, createHash(algorithm).update(bytes).digest()),
    ).toString();

  it('on CIDs of bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        expect(contentId(bytes, { scheme: 'cidv1-raw' })).toBe(cid(raw.code, 'sha256', bytes));
        const sha3 = contentId(bytes, { scheme: 'cidv1-raw', digest: 'sha3-256' });
        expect(sha3).toBe(cid(raw.code, 'sha3-256', bytes));
        expect(Buffer.from(parseContentId(sha3).digest)).toEqual(
          Buffer.from(CID.parse(sha3).multihash.digest),
        );
      }),
      runs,
    );
  });

  it('on DAG-JSON', () => {
    fc.assert(
      fc.property(jsonValues, (value) => {
        const bytes = dagJson.encode(value);
        expect(canonicalize(value, { scheme: 'cidv1-dag-json' })).toBe(
          Buffer.from(bytes).toString(),
        );
        expect(contentId(value, { scheme: 'cidv1-dag-json' })).toBe(
          cid(dagJson.code, 'sha256', bytes),
        );
      }),
      { numRuns: 1_000 },
    );
  });

  it('on DAG-CBOR, bytes and big integers included', () => {
    const withBytes = fc.tuple(
      jsonValues,
      fc.uint8Array({ maxLength: 70_000, size: 'large' }),
      fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n - 1n }),
      fc.array(fc.constant(0), { minLength: 20, maxLength: 300 }),
    );
    fc.assert(
      fc.property(withBytes, (value) => {
        const bytes = dagCbor.encode(value);
        expect(
          Buffer.from(canonicalizeToBytes(value, { scheme: 'cidv1-dag-cbor' })).equals(bytes),
        ).toBe(true);
        expect(contentId(value, { scheme: 'cidv1-dag-cbor' })).toBe(
          cid(dagCbor.code, 'sha256', bytes),
        );
      }),
      runs,
    );
  });
});
