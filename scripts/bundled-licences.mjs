#!/usr/bin/env node
// Writes dist/THIRD-PARTY-LICENCES.txt for packages that a build takes in: node bundled-licences.mjs <name…>, in the package's folder.
// A package that another folder has is named with it: ../runtime:pino.
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';

const LICENCE = /^(licen[cs]e|copying|notice)(\.(md|txt))?$/i;
const seen = new Map();

/** The folder of a package as the given folder sees it. */
function folderOf(name, from) {
  for (let at = from; ; at = dirname(at)) {
    const folder = join(at, 'node_modules', name);
    if (existsSync(join(folder, 'package.json'))) return realpathSync(folder);
    if (dirname(at) === at) throw new Error(`${name} is not installed for ${from}`);
  }
}

function take(name, from) {
  const folder = folderOf(name, from);
  if (seen.has(folder)) return;
  const manifest = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const file = readdirSync(folder).find((entry) => LICENCE.test(entry));
  const text =
    file === undefined
      ? `Licence: ${manifest.license}`
      : readFileSync(join(folder, file), 'utf8').trim();
  seen.set(folder, `${manifest.name} ${manifest.version}\n\n${text}\n`);
  for (const dependency of Object.keys(manifest.dependencies ?? {})) take(dependency, folder);
}

for (const argument of process.argv.slice(2)) {
  const [name, folder = '.'] = argument.split(':').reverse();
  take(name, resolve(folder));
}
const notes = [...seen.values()].sort();
writeFileSync(
  join('dist', 'THIRD-PARTY-LICENCES.txt'),
  `This package contains code of the packages below.\n\n${notes.join(`\n${'-'.repeat(72)}\n\n`)}`,
);
