import { spawnSync } from 'node:child_process';
import { canonicalize, PyFloat } from '@engramkit/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffOperations, summarizeDiff } from './diff.js';
import { compareCodePoints, pythonEquals, pythonRepr } from './python-text.js';
import { isMap, type RecordedMap, type RecordedValue } from './recorded-value.js';

const scalar: fc.Arbitrary<RecordedValue> = fc.oneof(
  fc.constantFrom<RecordedValue>(
    null,
    true,
    false,
    0,
    1,
    -1,
    1.5,
    new PyFloat(1),
    new PyFloat(0),
    1e16,
    10n ** 20n,
  ),
  // Ranges that every Unicode version in use knows alike: what counts as printable grows with each.
  fc
    .array(fc.oneof(fc.integer({ min: 0, max: 0x52f }), fc.integer({ min: 0x1f300, max: 0x1f5ff })))
    .map((points) => String.fromCodePoint(...points)),
  fc.constantFrom(
    "it's",
    `"both' quotes`,
    'tab\t',
    '\u00a0\u2028\u200b',
    '\u{e0001}',
    'é😀',
    '\\n',
  ),
);
const value: fc.Arbitrary<RecordedValue> = fc.letrec<{ value: RecordedValue }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    scalar,
    fc.array(tie('value'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'é', "k'"), tie('value'), { maxKeys: 3 }),
  ),
})).value;
const state = fc.dictionary(fc.constantFrom('a', 'b', 'é', '\ue000', '😀'), value, { maxKeys: 4 });

const python = spawnSync('python3', ['--version']).status === 0;

describe.runIf(python)('beside CPython', () => {
  it('diff summaries are the same', () => {
    const pairs = fc.sample(fc.tuple(state, state), { numRuns: 1_500, seed: 11 });
    const script = [
      'import json, sys',
      'def summary(b, a):',
      '    parts = []',
      '    for k in sorted(set(b) | set(a)):',
      '        x, y = b.get(k), a.get(k)',
      '        if x != y:',
      '            if isinstance(x, (int, float, str, bool)) or isinstance(y, (int, float, str, bool)):',
      '                parts.append(f"{k}: {x} -> {y}")',
      '            else:',
      '                parts.append(f"{k}: changed")',
      '    return " | ".join(parts) if parts else "no change"',
      'for line in sys.stdin:',
      '    b, a = json.loads(line)',
      '    print(json.dumps(summary(b, a)))',
    ].join('\n');
    // Objects keep their own order; canonical text would sort them and with them the text of containers.
    const input = pairs.map((pair) => `${inOrder(pair)}\n`).join('');
    const result = spawnSync('python3', ['-c', script], {
      input,
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    });
    expect(result.stderr).toBe('');
    const answers = result.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as string);
    expect(pairs.map(([before, after]) => summarizeDiff(before, after))).toEqual(answers);
  });
});

function inOrder(item: RecordedValue): string {
  if (Array.isArray(item)) return `[${item.map(inOrder).join(',')}]`;
  if (!isMap(item)) return canonicalize(item, { scheme: 'python' });
  return `{${Object.entries(item)
    .map(([key, inner]) => `${JSON.stringify(key)}:${inOrder(inner)}`)
    .join(',')}}`;
}

describe('Python semantics', () => {
  it('equal across types, but containers only to their kind', () => {
    expect(pythonEquals(1, new PyFloat(1))).toBe(true);
    expect(pythonEquals(true, 1)).toBe(true);
    expect(pythonEquals(10n ** 20n, 1e20)).toBe(true);
    expect(pythonEquals(Number.NaN, Number.NaN)).toBe(false);
    expect(pythonEquals([], {})).toBe(false);
    expect(pythonEquals('1', 1)).toBe(false);
    expect(pythonEquals(null, undefined)).toBe(true);
    expect(pythonRepr(undefined)).toBe('None');
  });

  it('order texts by code point', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (left, right) => {
        const points = (text: string): number[] =>
          [...text].map((character) => character.codePointAt(0) ?? 0);
        const [a, b] = [points(left), points(right)];
        const at = a.findIndex((point, index) => point !== b[index]);
        const wanted =
          at < 0 ? a.length - b.length : b[at] === undefined ? 1 : (a[at] ?? 0) - b[at];
        expect(Math.sign(compareCodePoints(left, right))).toBe(Math.sign(wanted));
      }),
    );
  });
});

describe('diff operations', () => {
  it('turn one state into the other', () => {
    fc.assert(
      fc.property(state, state, (before, after) => {
        const document = patched(before, diffOperations(before, after));
        expect(canonicalize(document, { scheme: 'jcs' })).toBe(
          canonicalize(plain(after), { scheme: 'jcs' }),
        );
      }),
    );
  });
});

function plain(item: unknown): unknown {
  if (typeof item === 'bigint')
    return Number.isSafeInteger(Number(item)) ? Number(item) : item.toString();
  if (item instanceof PyFloat) return item.value;
  if (Array.isArray(item)) return item.map(plain);
  if (typeof item !== 'object' || item === null) return item;
  return Object.fromEntries(Object.entries(item).map(([key, inner]) => [key, plain(inner)]));
}

/** A plain reading of RFC 6902 for the operations that occur. */
function patched(before: RecordedMap, operations: ReturnType<typeof diffOperations>): unknown {
  const root = { '': plain(before) } as Record<string, unknown>;
  for (const operation of operations) {
    const keys = operation.path
      .split('/')
      .map((key) => key.replaceAll('~1', '/').replaceAll('~0', '~'));
    const last = keys.pop() ?? '';
    let at: unknown = root;
    for (const key of keys) at = (at as Record<string, unknown>)[key];
    if (Array.isArray(at)) {
      if (operation.op === 'remove') at.splice(Number(last), 1);
      else if (operation.op === 'add') at.push(operation.value);
      else at[Number(last)] = operation.value;
    } else if (operation.op === 'remove') delete (at as Record<string, unknown>)[last];
    else (at as Record<string, unknown>)[last] = operation.value;
  }
  return root[''];
}
