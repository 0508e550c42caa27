import fs from 'node:fs';
import * as attw from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { cacheFolder, packAll, publishedPackages, refuseIfAny } from '../workspace.mjs';

/** Packages are ESM only: `require()` reaches the same ES module, and Node 10's resolution is not supported. */
const expected = ({ kind, resolutionKind }) =>
  resolutionKind === 'node10' || (kind === 'CJSResolvesToESM' && resolutionKind === 'node16-cjs');

async function problemsOf({ manifest }, tarball) {
  const bytes = new Uint8Array(fs.readFileSync(tarball));
  const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength);
  const { messages } = await publint({
    pack: { tarball: buffer },
    strict: true,
  });
  const lint = messages.map(
    (message) => `publint: ${formatMessage(message, manifest, { color: false })}`,
  );
  const analysis = await attw.checkPackage(attw.createPackageFromTarballData(bytes));
  const resolution = (analysis.types ? analysis.problems : [{ kind: 'NoTypes' }])
    .filter((problem) => !expected(problem))
    .map(({ kind, entrypoint, resolutionKind, fileName }) =>
      ['types:', kind, entrypoint ?? fileName, resolutionKind].filter(Boolean).join(' '),
    );
  return [...lint, ...resolution].map((problem) => `${manifest.name}: ${problem}`);
}

/** Packs every package as publishing would and checks the tarball: publint (strict), and how its types resolve. */
export async function checkPackages() {
  const tarballs = await packAll(cacheFolder('packed'));
  const problems = [];
  for (const place of publishedPackages()) {
    problems.push(...(await problemsOf(place, tarballs.get(place.manifest.name))));
  }
  refuseIfAny(problems);
  return `${tarballs.size} tarballs`;
}
