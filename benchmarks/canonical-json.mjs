// Canonical JSON and content ids beside the npm libraries that do the same, in one interleaved run.
// node benchmarks/canonical-json.mjs [--quick]
import { execFileSync } from 'node:child_process';
import { hash } from 'node:crypto';
import { cpus } from 'node:os';
import { fileURLToPath } from 'node:url';
import { canonicalize, contentId } from '@engramkit/ids';
import * as dagJson from '@ipld/dag-json';
import { canonify } from '@truestamp/canonify';
import erdtman from 'canonicalize';
import fastStable from 'fast-json-stable-stringify';
import { canonicalize as jsonCanonicalize } from 'json-canonicalize';
import jsonStable from 'json-stable-stringify';
import { CID } from 'multiformats/cid';
import * as raw from 'multiformats/codecs/raw';
import { sha256 } from 'multiformats/hashes/sha2';
import safeStable from 'safe-stable-stringify';
import { documentOf } from './measure/documents.mjs';
import { interleave, lastResult } from './measure/interleave.mjs';

const quick = process.argv.includes('--quick');
const sha = (text) => hash('sha256', text, 'hex');

const candidates = {
  '@engramkit/ids contentId, jcs': {
    id: (value) => contentId(value, { scheme: 'jcs' }),
    text: (value) => canonicalize(value, { scheme: 'jcs' }),
  },
  '@engramkit/ids contentId, python': { id: (value) => contentId(value) },
  '@engramkit/ids contentId, serde-sha3 (SHA3-256)': {
    id: (value) => contentId(value, { scheme: 'serde-sha3' }),
  },
  'canonicalize 4.0.0': { text: erdtman },
  'json-canonicalize 3.0.1': { text: jsonCanonicalize },
  '@truestamp/canonify 2.1.0': { text: canonify },
  'safe-stable-stringify 3.0.0': { text: safeStable },
  'fast-json-stable-stringify 2.1.0': { text: fastStable },
  'json-stable-stringify 1.3.0': { text: jsonStable },
  '@ipld/dag-json 11.0.1': { text: (value) => Buffer.from(dagJson.encode(value)).toString() },
  'JSON.stringify, not canonical': { text: JSON.stringify },
};

const cyclic = {};
cyclic.self = [cyclic];
let deep = 1;
for (let level = 0; level < 100_000; level++) deep = [deep];
const REFUSED = Symbol('refused');
/**
 * What RFC 8785 demands, or that the value is refused because it is none of I-JSON. The cases of `foreign` are values that are no
 * JSON at all: writing `{}` or `null` for them gives different values one name.
 */
const adversarial = [
  ['lone surrogate in a value', ['\ud83d'], REFUSED],
  ['lone surrogate in a name', { '\udc00': 1 }, REFUSED],
  ['NaN', [Number.NaN], REFUSED],
  ['Infinity', [Number.POSITIVE_INFINITY], REFUSED],
  ['-0', [-0], '[0]'],
  ['exponents', [1e21, 1e-7, 1e16, 5e-324], '[1e+21,1e-7,10000000000000000,5e-324]'],
  ['BigInt beyond 2^53', [2n ** 64n], REFUSED],
  ['names by UTF-16 unit', { '\ufb33': 1, '\u{1f600}': 2 }, '{"\u{1f600}":2,"\ufb33":1}'],
  ['integer-like names', { 10: 1, 9: 2, a: 3 }, '{"10":1,"9":2,"a":3}'],
  ['own __proto__', JSON.parse('{"b":1,"__proto__":{"x":1}}'), '{"__proto__":{"x":1},"b":1}'],
  ['names that differ in case', { b: 1, B: 2 }, '{"B":2,"b":1}'],
  ['controls, DEL, U+2028', ['\u0001\b\u007f\u2028'], '["\\u0001\\b\u007f\u2028"]'],
  ['cycle', cyclic, REFUSED],
  ['100,000 levels', deep, REFUSED],
];
const foreign = [
  ['root undefined', undefined, REFUSED],
  ['undefined element', [undefined], REFUSED],
  ['function', [() => 1], REFUSED],
  ['symbol', [Symbol('s')], REFUSED],
  ['Map', [new Map([['a', 1]])], REFUSED],
  ['Set', [new Set([1])], REFUSED],
  ['bytes', [new Uint8Array([1])], REFUSED],
  ['boxed number', [Object(1n)], REFUSED],
];

function judge(text, cases) {
  const wrong = [];
  for (const [name, value, expected] of cases) {
    let actual;
    try {
      actual = text(value);
      if (typeof actual !== 'string') actual = `(${typeof actual})`;
    } catch {
      actual = REFUSED;
    }
    if (actual !== expected) wrong.push(name);
  }
  return wrong;
}

const rows = [];
for (const [name, { id, text }] of Object.entries(candidates)) {
  const wrong = text === undefined ? undefined : judge(text, adversarial);
  const strange = text === undefined ? undefined : judge(text, foreign);
  rows.push({ name, id: id ?? ((value) => sha(text(value))), text, wrong, strange });
}

const sizes = [
  ['1 KB', 1_000, 0.02],
  ['100 KB', 100_000, 0.06],
  ['5 MB', 5_000_000, 0.25],
];
const reference = documentOf(1_000);
for (const row of rows) {
  if (!row.text || row.name.startsWith('JSON.stringify')) continue;
  if (row.text(reference) !== canonicalize(reference, { scheme: 'jcs' })) row.differs = true;
}

const table = {};
for (const [label, bytes, seconds] of sizes) {
  const value = documentOf(bytes);
  const size = Buffer.byteLength(JSON.stringify(value));
  const timings = interleave(
    rows.map((row) => [row.name, () => row.id(value)]),
    { rounds: quick ? 3 : 9, secondsPerRound: quick ? seconds / 3 : seconds },
  );
  for (const [name, { best }] of Object.entries(timings)) {
    table[name] ??= {};
    table[name][label] = (size / best) * 1000; // Bytes per nanosecond, as MB/s.
  }
}

const bytes1k = Buffer.from(canonicalize(documentOf(1_100))).subarray(0, 1024);
const fixed = sha256.digest(bytes1k);
const cids = interleave(
  [
    [
      '@engramkit/ids: contentId(bytes, { scheme: "cidv1-raw" })',
      () => contentId(bytes1k, { scheme: 'cidv1-raw' }),
    ],
    [
      'multiformats 14.0.5: sha256.digest + CID.createV1 + toString',
      () => CID.createV1(raw.code, sha256.digest(bytes1k)).toString(),
    ],
    [
      'multiformats 14.0.5: the string alone, digest given',
      () => CID.createV1(raw.code, fixed).toString(),
    ],
    ['node:crypto: hash() to hex, no CID', () => hash('sha256', bytes1k, 'hex')],
  ],
  { rounds: quick ? 3 : 15, secondsPerRound: 0.05 },
);
if (CID.createV1(raw.code, fixed).toString() !== contentId(bytes1k, { scheme: 'cidv1-raw' })) {
  throw new Error('The CIDs differ.');
}

/** Peak memory of one call on a 5 MB document, in a process of its own, above what the document itself takes. */
function memoryOf(expression) {
  const output = execFileSync(
    process.execPath,
    ['--expose-gc', fileURLToPath(new URL('measure/peak-memory.mjs', import.meta.url)), expression],
    { encoding: 'utf8' },
  );
  return Number(output);
}
const memory = {
  'contentId(value, { scheme: "jcs" })': undefined,
  'canonicalizeToBytes(value, { scheme: "jcs" })': undefined,
  'canonicalize(value, { scheme: "jcs" })': undefined,
  'JSON.stringify(value)': undefined,
};
for (const expression of Object.keys(memory)) memory[expression] = memoryOf(expression);

console.log(
  `Node ${process.version}, ${cpus()[0].model}, ${cpus().length} CPUs, best of interleaved rounds\n`,
);
console.log(
  '| canonical form + SHA-256, MB/s | 1 KB | 100 KB | 5 MB | RFC 8785 cases right | no-JSON values refused |',
);
console.log('|---|---|---|---|---|---|');
for (const row of rows) {
  const cells = sizes.map(([label]) => table[row.name][label].toFixed(0));
  const right =
    row.wrong === undefined ? '' : `${adversarial.length - row.wrong.length}/${adversarial.length}`;
  const refused =
    row.strange === undefined ? '' : `${foreign.length - row.strange.length}/${foreign.length}`;
  console.log(
    `| ${row.name}${row.differs ? ' (other text)' : ''} | ${cells.join(' | ')} | ${right} | ${refused} |`,
  );
}
console.log('\nWrong on:');
for (const row of rows) {
  const wrong = [...(row.wrong ?? []), ...(row.strange ?? [])];
  if (wrong.length > 0) console.log(`- ${row.name}: ${wrong.join(', ')}`);
}
console.log('\n| CIDv1 string of 1 KB | µs |\n|---|---|');
for (const [name, { best }] of Object.entries(cids))
  console.log(`| ${name} | ${(best / 1000).toFixed(2)} |`);
console.log('\n| peak memory above a 5 MB document | MB | × the text |\n|---|---|---|');
for (const [name, bytes] of Object.entries(memory)) {
  console.log(`| ${name} | ${(bytes / 1e6).toFixed(1)} | ${(bytes / 5e6).toFixed(2)} |`);
}

const ours = table['@engramkit/ids contentId, jcs']['100 KB'];
const peers = rows.filter(
  (row) => row.wrong !== undefined && !/engramkit|JSON\.stringify/.test(row.name),
);
const fewest = Math.min(...peers.map((row) => row.wrong.length));
const strictest = peers.filter((row) => row.wrong.length === fewest);
const rival = Math.max(...strictest.map((row) => table[row.name]['100 KB']));
const anybody = Math.max(...peers.map((row) => table[row.name]['100 KB']));
const native = table['JSON.stringify, not canonical']['100 KB'];
console.log(
  `\nAt 100 KB: ${(ours / rival).toFixed(2)}x the fastest peer with the most RFC 8785 cases right (${strictest.map(({ name }) => name).join(', ')}), ` +
    `${(ours / anybody).toFixed(2)}x the fastest peer of all, ${(ours / native).toFixed(2)}x JSON.stringify + SHA-256.`,
);
const [mine, theirs] = Object.values(cids).map(({ best }) => best);
console.log(`CIDv1 of 1 KB: ${(theirs / mine).toFixed(2)}x multiformats.`);
if (lastResult() === undefined) throw new Error('Nothing was measured.');
