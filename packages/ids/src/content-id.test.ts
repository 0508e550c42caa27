import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  CanonicalizationError,
  CONTENT_ID_SCHEMES,
  canonicalize,
  canonicalizeToBytes,
  contentId,
  convertContentId,
  createContentHasher,
  digestBytes,
  digestJson,
  PyDict,
  PyFloat,
  type PyKey,
  PyTypeError,
  parseContentId,
  parsePythonJson,
  verifyContentId,
} from './index.js';

function vectors<Shape>(name: string): Shape {
  return JSON.parse(readFileSync(new URL(`../test/vectors/${name}`, import.meta.url), 'utf8'));
}

interface TypedValue {
  readonly t: string;
  readonly v?: unknown;
  readonly bits?: string;
  readonly str?: string;
}
interface PythonCase {
  readonly id: string;
  readonly json: string | null;
  readonly value: TypedValue;
  readonly canonical: string;
  readonly cid: string;
  readonly plain_js_reproduces: boolean;
}

/** Builds the JavaScript value that a typed vector describes. */
function typed(value: TypedValue): unknown {
  switch (value.t) {
    case 'null':
      return null;
    case 'int':
      return BigInt(value.v as string);
    case 'float':
      return new PyFloat(Buffer.from(value.bits!, 'hex').readDoubleBE());
    case 'list':
    case 'tuple':
      return (value.v as TypedValue[]).map(typed);
    case 'dict':
      return new PyDict(
        (value.v as [TypedValue, TypedValue][]).map(([key, member]) => [
          typed(key) as PyKey,
          typed(member),
        ]),
      );
    case 'default_str':
      return new Stringified(value.str!);
    default:
      return value.v;
  }
}

class Stringified {
  constructor(readonly text: string) {}
}
const asText = { default: (value: unknown) => (value as Stringified).text };

describe('the python scheme', () => {
  const { cases } = vectors<{ cases: PythonCase[] }>('python-cid.json');

  it.each(cases.map((vector) => [vector.id, vector] as const))(
    'agrees with CPython on %s',
    (_, vector) => {
      const value = typed(vector.value);
      expect(canonicalize(value, asText)).toBe(vector.canonical);
      expect(contentId(value, asText)).toBe(vector.cid);
      expect(verifyContentId(value, vector.cid, asText)).toBe(true);
    },
  );

  it.each(
    cases.filter((vector) => vector.json !== null).map((vector) => [vector.id, vector] as const),
  )('keeps what Python reads from the text of %s', (_, vector) => {
    expect(contentId(parsePythonJson(vector.json!))).toBe(vector.cid);
  });

  it('gives plain values the right id where they carry enough', () => {
    const plain = cases.filter((vector) => vector.plain_js_reproduces);
    expect(plain).toHaveLength(44);
    for (const vector of plain) {
      expect(contentId(JSON.parse(vector.json!)), vector.id).toBe(vector.cid);
    }
  });

  it.each([
    [
      'str and int keys',
      [
        ['a', 1],
        [1n, 2],
      ],
      "'<' not supported between instances of 'int' and 'str'",
    ],
    [
      'str and None keys',
      [
        ['a', 1],
        [null, 2],
      ],
      "'<' not supported between instances of 'NoneType' and 'str'",
    ],
    [
      'None and int keys',
      [
        [null, 1],
        [1n, 2],
      ],
      "'<' not supported between instances of 'int' and 'NoneType'",
    ],
    ['a tuple key', [[[1], 1]], 'keys must be str, int, float, bool or None, not tuple'],
    [
      'a bytes key',
      [[new Uint8Array(1), 1]],
      'keys must be str, int, float, bool or None, not bytes',
    ],
  ])('refuses %s in the words of Python', (_, entries, pythonMessage) => {
    const dict = new PyDict(entries as unknown as [PyKey, unknown][]);
    const error = caught(() => contentId({ d: dict }));
    expect(error).toBeInstanceOf(PyTypeError);
    expect(error).toMatchObject({ code: 'CANONICAL_KEY_TYPE', pythonMessage, path: ['d'] });
  });

  it('allows a single None key', () => {
    expect(canonicalize(new PyDict([[null, 1]]))).toBe('{"null":1}');
  });

  it('refuses integers that CPython does not print', () => {
    expect(canonicalize(10n ** 4299n)).toHaveLength(4300);
    expect(caught(() => contentId([10n ** 4300n]))).toMatchObject({
      code: 'CANONICAL_INTEGER_RANGE',
      pythonMessage: expect.stringContaining('Exceeds the limit (4300 digits)'),
    });
  });
});

interface VariantCase {
  readonly id: string;
  readonly json: string;
  readonly python: { readonly canonical: string; readonly cid: string };
  readonly jcs: { readonly canonical: string; readonly sha256: string };
  readonly cidv1: Readonly<Record<string, string>>;
  readonly dag_json_text: string;
  readonly dag_cbor_hex: string;
}

describe('all schemes', () => {
  const { cases } = vectors<{ cases: VariantCase[] }>('cid-variants.json');

  it.each(cases.map((vector) => [vector.id, vector] as const))(
    'agree with the libraries of others on %s',
    (_, vector) => {
      const value: unknown = JSON.parse(vector.json);
      expect(canonicalize(value)).toBe(vector.python.canonical);
      expect(contentId(value)).toBe(vector.python.cid);
      expect(canonicalize(value, { scheme: 'jcs' })).toBe(vector.jcs.canonical);
      expect(contentId(value, { scheme: 'jcs' })).toBe(`jcs-sha256:${vector.jcs.sha256}`);
      expect(canonicalize(value, { scheme: 'cidv1-dag-json' })).toBe(vector.dag_json_text);
      expect(
        Buffer.from(canonicalizeToBytes(value, { scheme: 'cidv1-dag-cbor' })).toString('hex'),
      ).toBe(vector.dag_cbor_hex);
      const cids = {
        'raw/sha2-256 over python bytes': contentId(value, { scheme: 'cidv1-raw' }),
        'raw/sha3-256 over python bytes': contentId(value, {
          scheme: 'cidv1-raw',
          digest: 'sha3-256',
        }),
        'json(0x0200)/sha2-256 over JCS bytes': contentId(value, { scheme: 'cidv1-json' }),
        'dag-json(0x0129)/sha2-256': contentId(value, { scheme: 'cidv1-dag-json' }),
        'dag-cbor(0x71)/sha2-256': contentId(value, { scheme: 'cidv1-dag-cbor' }),
      };
      expect(cids).toEqual(vector.cidv1);
      for (const id of Object.values(cids)) expect(verifyContentId(value, id)).toBe(true);
    },
  );

  interface Sha3Case {
    readonly id: string;
    readonly fn: string;
    readonly hex?: string;
    readonly json?: string;
    readonly bytes_utf8?: string;
    readonly digest: string;
    readonly preserve_order?: { readonly bytes_utf8: string; readonly digest: string };
    readonly serde_json_before_1_0_147?: { readonly bytes_utf8: string; readonly digest: string };
  }
  const sha3 = vectors<{ cases: Sha3Case[] }>('sha3.json').cases;

  it.each(sha3.map((vector) => [vector.id, vector] as const))(
    'digest %s as Rust does',
    (_, vector) => {
      if (vector.hex !== undefined) {
        expect(digestBytes(Buffer.from(vector.hex, 'hex'))).toBe(vector.digest);
        return;
      }
      const value = parsePythonJson(vector.json!);
      expect(canonicalize(value, { scheme: 'serde-sha3' })).toBe(vector.bytes_utf8);
      expect(digestJson(value)).toBe(vector.digest);
      expect(verifyContentId(value, vector.digest)).toBe(true);
      if (vector.preserve_order !== undefined) {
        expect(digestJson(value, { serde: { order: 'insertion' } })).toBe(
          vector.preserve_order.digest,
        );
      }
      if (vector.serde_json_before_1_0_147 !== undefined) {
        expect(digestJson(value, { serde: { exponentPlus: false } })).toBe(
          vector.serde_json_before_1_0_147.digest,
        );
      }
    },
  );

  it('write NaN as null only when serde_json is to be followed to the letter', () => {
    expect(caught(() => digestJson([Number.NaN]))).toMatchObject({ code: 'CANONICAL_NON_FINITE' });
    expect(digestJson([Number.NaN], { serde: { nonFinite: 'null' } })).toBe(digestJson([null]));
  });
});

function caught(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

const loop: Record<string, unknown> = { list: [] };
(loop.list as unknown[]).push({ back: loop });

describe('what has no canonical form is refused with its place', () => {
  class Point {
    x = 1;
  }
  it.each([
    ['a cycle', loop, 'CANONICAL_CYCLE', '$.list[0].back'],
    ['undefined', { a: [{ b: undefined }] }, 'CANONICAL_UNDEFINED', '$.a[0].b'],
    // biome-ignore lint/suspicious/noSparseArray: holes are the point.
    ['a hole', [1, , 3], 'CANONICAL_UNDEFINED', '$[1]'],
    ['a function', { a: { toJSON: () => 1 } }, 'CANONICAL_UNSUPPORTED_TYPE', '$.a.toJSON'],
    ['a symbol', [Symbol('s')], 'CANONICAL_UNSUPPORTED_TYPE', '$[0]'],
    ['a Map', { 'two words': new Map() }, 'CANONICAL_UNSUPPORTED_TYPE', '$["two words"]'],
    ['a Set', [new Set()], 'CANONICAL_UNSUPPORTED_TYPE', '$[0]'],
    ['a Date', { at: new Date(0) }, 'CANONICAL_UNSUPPORTED_TYPE', '$.at'],
    ['an instance', [[new Point()]], 'CANONICAL_UNSUPPORTED_TYPE', '$[0][0]'],
    ['a boxed number', [Object(1)], 'CANONICAL_UNSUPPORTED_TYPE', '$[0]'],
    ['inherited members', [Object.create({ hidden: 1 })], 'CANONICAL_UNSUPPORTED_TYPE', '$[0]'],
    ['a root that is undefined', undefined, 'CANONICAL_UNDEFINED', '$'],
  ])('%s', (_, value, code, path) => {
    for (const scheme of CONTENT_ID_SCHEMES) {
      const error = caught(() => contentId(value, { scheme }));
      expect(error).toBeInstanceOf(CanonicalizationError);
      expect(error).toMatchObject({ code, hint: expect.any(String), details: { path } });
    }
  });

  it('nesting beyond 990 levels, and 100,000 levels as well', () => {
    const nested = (levels: number): unknown => {
      let value: unknown = 1;
      for (let level = 0; level < levels; level++) value = level % 2 === 0 ? [value] : { k: value };
      return value;
    };
    for (const scheme of CONTENT_ID_SCHEMES) {
      expect(contentId(nested(990), { scheme })).toEqual(expect.any(String));
      for (const levels of [991, 100_000]) {
        expect(caught(() => contentId(nested(levels), { scheme }))).toMatchObject({
          code: 'CANONICAL_TOO_DEEP',
          pythonMessage: 'maximum recursion depth exceeded while encoding a JSON object',
        });
      }
    }
    for (const maxDepth of [0, 991, 1.5, Number.NaN]) {
      expect(caught(() => contentId([], { maxDepth }))).toMatchObject({
        code: 'INVALID_DEPTH_LIMIT',
      });
      expect(caught(() => parsePythonJson('[]', { maxDepth }))).toMatchObject({
        code: 'INVALID_DEPTH_LIMIT',
      });
    }
    expect(caught(() => contentId([[[]]], { maxDepth: 2 }))).toMatchObject({
      code: 'CANONICAL_TOO_DEEP',
      path: [0, 0],
    });
  });

  it('lone surrogates, in values and names, except in Python', () => {
    for (const [value, path] of [
      ['\ud83d', '$'],
      [{ a: ['x\udc00y'] }, '$.a[0]'],
      [{ 'k\ud800': 1 }, '$["k\\ud800"]'],
    ] as const) {
      expect(contentId(value)).toMatch(/^sha256:/);
      for (const scheme of [
        'jcs',
        'serde-sha3',
        'cidv1-json',
        'cidv1-dag-json',
        'cidv1-dag-cbor',
      ] as const) {
        for (let round = 0; round < 3; round++) {
          expect(caught(() => contentId(value, { scheme }))).toMatchObject({
            code: 'CANONICAL_LONE_SURROGATE',
            details: { path },
          });
        }
      }
    }
  });

  it('numbers that a scheme cannot carry', () => {
    for (const scheme of ['jcs', 'serde-sha3', 'cidv1-dag-json', 'cidv1-dag-cbor'] as const) {
      for (const value of [
        Number.NaN,
        Number.POSITIVE_INFINITY,
        new PyFloat(Number.NEGATIVE_INFINITY),
      ]) {
        expect(caught(() => contentId({ n: value }, { scheme }))).toMatchObject({
          code: 'CANONICAL_NON_FINITE',
          details: { path: '$.n' },
        });
      }
    }
    for (const [scheme, value] of [
      ['jcs', 2n ** 53n],
      ['serde-sha3', 2n ** 64n],
      ['serde-sha3', -(2n ** 63n) - 1n],
      ['cidv1-dag-cbor', 2n ** 64n],
      ['cidv1-dag-cbor', -(2n ** 64n) - 1n],
    ] as const) {
      expect(caught(() => contentId([value], { scheme }))).toMatchObject({
        code: 'CANONICAL_INTEGER_RANGE',
        path: [0],
      });
    }
  });

  it('the forms that DAG-JSON reserves', () => {
    for (const value of [{ '/': 'bafy' }, { '/': { bytes: 'AQI' } }]) {
      expect(caught(() => contentId([value], { scheme: 'cidv1-dag-json' }))).toMatchObject({
        code: 'CANONICAL_RESERVED_FORM',
        path: [0],
      });
    }
    expect(canonicalize({ '/': 1 }, { scheme: 'cidv1-dag-json' })).toBe('{"/":1}');
    expect(canonicalize(Uint8Array.of(1, 2), { scheme: 'cidv1-dag-json' })).toBe(
      '{"/":{"bytes":"AQI"}}',
    );
  });

  it('and drops undefined members only when asked to, never elements', () => {
    const dropping = { undefinedMembers: 'drop' } as const;
    expect(canonicalize({ b: undefined, a: { c: undefined } }, dropping)).toBe('{"a":{}}');
    expect(caught(() => canonicalize([undefined], dropping))).toMatchObject({
      code: 'CANONICAL_UNDEFINED',
    });
  });

  it('unless a default function gives its text', () => {
    const seen: unknown[] = [];
    const text = canonicalize([new Date(0), { s: new Set([1]) }], {
      default: (value) => {
        seen.push(value);
        return canonicalize({ nested: 'call' });
      },
    });
    expect(text).toBe('["{\\"nested\\":\\"call\\"}",{"s":"{\\"nested\\":\\"call\\"}"}]');
    expect(seen).toHaveLength(2);
    expect(
      caught(() => canonicalize([new Date(0)], { default: () => 1 as unknown as string })),
    ).toMatchObject({
      code: 'CANONICAL_UNSUPPORTED_TYPE',
    });
  });

  it('and an error leaves nothing behind that changes the next id', () => {
    const value = { b: 1, a: [2] };
    const before = contentId(value);
    caught(() => contentId({ b: 1, a: [2, undefined] }));
    caught(() => contentId(loop));
    expect(contentId(value)).toBe(before);
  });
});

describe('what others confuse stays apart', () => {
  const own = (key: string, member: unknown): object =>
    Object.defineProperty({}, key, { value: member, enumerable: true });

  it.each([
    ['a member __proto__ and none', own('__proto__', { x: 1 }), {}],
    ['names that differ in case', { Key: 1 }, { key: 1 }],
    ['NaN and null', [Number.NaN], [null]],
    ['0 and -0', [0], [-0]],
    ['1 and "1"', [1], ['1']],
    ['1 and 1.0', [1], [new PyFloat(1)]],
    ['true and "true"', [true], ['true']],
    ['lone surrogates', ['\ud800'], ['\ud801']],
    ['a lone surrogate and the replacement character', ['\ud800'], ['\ufffd']],
    ['composed and decomposed', ['\u00e9'], ['e\u0301']],
    ['big integers', [2n ** 53n], [2n ** 53n + 1n]],
    ['null and no member', { a: null }, {}],
  ])('%s', (_, one, other) => {
    expect(contentId(one)).not.toBe(contentId(other));
    for (const scheme of CONTENT_ID_SCHEMES) {
      const ids = [one, other].map((value) => {
        try {
          return contentId(value, { scheme });
        } catch {
          return undefined; // A refusal is fine: no id, no confusion.
        }
      });
      // RFC 8785 and DAG-CBOR know one zero, and RFC 8785 one kind of number.
      const sameThere =
        (Object.is((other as number[])[0], -0) &&
          scheme !== 'python' &&
          scheme !== 'serde-sha3' &&
          scheme !== 'cidv1-raw') ||
        ((one as number[])[0] === 1 &&
          (other as unknown[])[0] instanceof PyFloat &&
          (scheme === 'jcs' || scheme === 'cidv1-json'));
      if (ids[0] !== undefined && !sameThere) expect(ids[0], scheme).not.toBe(ids[1]);
    }
  });

  it('integer-like names are ordered as text', () => {
    const value = { 10: 'a', 9: 'b', 1: 'c', b: 0, '-1': 0, '01': 0 };
    for (const scheme of ['python', 'jcs', 'serde-sha3', 'cidv1-dag-json'] as const) {
      expect(canonicalize(value, { scheme })).toBe(
        '{"-1":0,"01":0,"1":"c","10":"a","9":"b","b":0}',
      );
    }
  });
});

describe('identifiers', () => {
  const value = { b: [1, 2.5], a: 'x' };

  it('say their scheme, and parse back', () => {
    for (const scheme of CONTENT_ID_SCHEMES) {
      const id = contentId(value, { scheme });
      expect(parseContentId(id)).toMatchObject({ id, scheme });
      expect(verifyContentId(value, id)).toBe(true);
      expect(verifyContentId({ ...value, a: 'y' }, id)).toBe(false);
    }
  });

  it('convert between schemes that hash the same bytes, and back', () => {
    const python = contentId(value);
    const raw = contentId(value, { scheme: 'cidv1-raw' });
    expect(convertContentId(python, { scheme: 'cidv1-raw' })).toBe(raw);
    expect(convertContentId(raw, { scheme: 'python' })).toBe(python);
    const jcs = contentId(value, { scheme: 'jcs' });
    expect(convertContentId(jcs, { scheme: 'cidv1-json' })).toBe(
      contentId(value, { scheme: 'cidv1-json' }),
    );
    for (const [id, scheme] of [
      [python, 'jcs'],
      [contentId(value, { scheme: 'cidv1-raw', digest: 'sha3-256' }), 'python'],
    ] as const) {
      expect(caught(() => convertContentId(id, { scheme }))).toMatchObject({
        code: 'CONTENT_ID_NOT_CONVERTIBLE',
      });
    }
  });

  it('of another scheme than expected are refused, not compared', () => {
    expect(caught(() => verifyContentId(value, contentId(value), { scheme: 'jcs' }))).toMatchObject(
      {
        code: 'CONTENT_ID_SCHEME_MISMATCH',
      },
    );
  });

  it.each([
    '',
    'sha256:',
    `sha256:${'A'.repeat(64)}`,
    'a'.repeat(63),
    `SHA256:${'a'.repeat(64)}`,
    'QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWKPbdG',
    'bafkreiduenhjrl7hjgh3lwxr6nvmfv4kzqzzizhzkbydxdabtcjptavzbn',
    'bafkreiduenhjrl7hjgh3lwxr6nvmfv4kzqzzizhzkbydxdabtcjptavzb',
    'BAFKREIDUENHJRL7HJGH3LWXR6NVMFV4KZQZZIZHZKBYDXDABTCJPTAVZBM',
    `b${'a'.repeat(58)}`,
  ])('that are none are refused: %j', (id) => {
    expect(caught(() => parseContentId(id))).toMatchObject({
      code: 'INVALID_CONTENT_ID',
      hint: expect.any(String),
    });
  });

  it('of an unknown scheme are refused', () => {
    expect(caught(() => contentId(1, { scheme: 'toString' as 'python' }))).toMatchObject({
      code: 'UNKNOWN_CONTENT_ID_SCHEME',
    });
  });

  it('of large values are made piece by piece and equal those of their bytes', () => {
    const large = Array.from({ length: 20_000 }, (_, index) => ({
      id: index,
      name: `né😀 ${index}`,
      note: 'x'.repeat(index % 50),
    }));
    large.push({ id: 1, name: '😀'.repeat(50_000), note: 'é'.repeat(100_001) });
    for (const scheme of CONTENT_ID_SCHEMES) {
      const bytes = canonicalizeToBytes(large, { scheme });
      const hasher = createContentHasher({ scheme });
      for (let from = 0; from < bytes.length; from += 7919)
        hasher.update(bytes.subarray(from, from + 7919));
      expect(hasher.id()).toBe(contentId(large, { scheme }));
      if (scheme !== 'cidv1-dag-cbor') {
        expect(Buffer.from(canonicalize(large, { scheme })).equals(bytes)).toBe(true);
      }
    }
    expect(canonicalize(large, { scheme: 'jcs' })).toBe(JSON.stringify(large));
  });
});
