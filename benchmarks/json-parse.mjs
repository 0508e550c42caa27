// parseJson of @engramkit/core beside the platform's JSON.parse, which checks neither limits nor duplicate keys.
// node benchmarks/json-parse.mjs [--quick]
import { cpus } from 'node:os';
import { parseJson } from '@engramkit/core';
import { documentOf } from './measure/documents.mjs';
import { interleave } from './measure/interleave.mjs';

const quick = process.argv.includes('--quick');
const documents = [
  [
    'inputs of a step, 100 B',
    { url: 'https://example.org/a', method: 'GET', headers: { accept: '*/*' }, retries: 3 },
  ],
  ['records, 10 KB', documentOf(10_000)],
  ['records, 1 MB', documentOf(1_000_000)],
  [
    'long texts, 1 MB',
    Array.from({ length: 100 }, () => 'the quick brown fox jumps over the dog '.repeat(256)),
  ],
  ['numbers, 1 MB', Array.from({ length: 60_000 }, (_, index) => index * 1.1)],
];

console.log(
  `Node ${process.version}, ${cpus()[0].model}, ${cpus().length} CPUs, best of interleaved rounds\n`,
);
console.log(
  '| document | JSON.parse µs | parseJson µs | times | from bytes, times |\n|---|---|---|---|---|',
);
for (const [name, value] of documents) {
  const text = JSON.stringify(value);
  const bytes = new TextEncoder().encode(text);
  const decoder = new TextDecoder();
  const { native, guarded, nativeBytes, guardedBytes } = interleave(
    [
      ['native', () => JSON.parse(text)],
      ['guarded', () => parseJson(text)],
      ['nativeBytes', () => JSON.parse(decoder.decode(bytes))],
      ['guardedBytes', () => parseJson(bytes)],
    ],
    { rounds: quick ? 3 : 9, secondsPerRound: quick ? 0.05 : 0.2 },
  );
  const cells = [
    (native.best / 1000).toFixed(1),
    (guarded.best / 1000).toFixed(1),
    (guarded.best / native.best).toFixed(2),
    (guardedBytes.best / nativeBytes.best).toFixed(2),
  ];
  console.log(`| ${name} | ${cells.join(' | ')} |`);
}
