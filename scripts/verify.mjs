#!/usr/bin/env node
// The gate: every check of the house, each with its time; all failures are shown, none stops the others.
//
//   npm run verify                                  everything
//   npm run verify -- --only types,topology         some steps
//   npm run verify -- --without unit-tests          all but some
//   npm run verify -- --only api-reports --update   accept the API as it is now
import { parseArgs } from 'node:util';
import { runChecks } from './checks.mjs';
import { checkApiReports } from './gate/api-reports.mjs';
import { checkCeilings } from './gate/ceilings.mjs';
import { checkConsumers } from './gate/consumers.mjs';
import { checkDocsSnippets } from './gate/docs-snippets.mjs';
import { checkExamples } from './gate/examples.mjs';
import { checkLicences } from './gate/licences.mjs';
import { checkPackages } from './gate/packages.mjs';
import { checkTypeTests } from './gate/type-tests.mjs';
import { finish, Refusal } from './progress.mjs';
import { node, pnpm } from './workspace.mjs';

const vitest = (...args) =>
  pnpm(['exec', 'vitest', 'run', '--reporter=dot', ...args], { timeoutMs: 900_000 }).then(
    ({ output }) => /Tests\s+(.*)/.exec(output)?.[1],
  );

/** In this order; a step's `check` returns a detail to show and throws when it fails. */
const steps = [
  {
    name: 'format-and-lint',
    check: () =>
      pnpm(['exec', 'biome', 'ci', '--colors=off', '--diagnostic-level=warn', '.']).then(() => ''),
  },
  { name: 'build', check: () => node(['scripts/build.mjs']).then(() => '') },
  {
    name: 'types',
    check: () => node(['scripts/tsc7.mjs', '-p', 'tsconfig.json', '--noEmit']).then(() => ''),
  },
  { name: 'type-tests', check: checkTypeTests },
  { name: 'unit-tests', check: () => vitest('packages/', 'examples/', 'tests/setup') },
  { name: 'topology', check: () => vitest('tests/topology') },
  { name: 'docs-snippets', check: checkDocsSnippets },
  { name: 'packages', check: checkPackages },
  { name: 'consumers', check: checkConsumers },
  { name: 'api-reports', check: checkApiReports },
  { name: 'ceilings', check: checkCeilings },
  { name: 'examples', check: checkExamples },
  { name: 'licences', check: checkLicences },
  { name: 'publishing', check: () => vitest('--config', 'tests/publish/vitest.config.ts') },
];

function chosenSteps({ only, without }) {
  const names = steps.map(({ name }) => name);
  const listed = (text) => text.split(',').filter(Boolean);
  for (const name of [...listed(only), ...listed(without)]) {
    if (!names.includes(name)) {
      throw new Refusal(`There is no step "${name}". There are: ${names.join(', ')}`);
    }
  }
  const wanted = only === '' ? names : listed(only);
  return steps.filter(({ name }) => wanted.includes(name) && !listed(without).includes(name));
}

async function verify() {
  const text = { type: 'string', default: '' };
  const options = { only: text, without: text, update: { type: 'boolean', default: false } };
  const { values } = parseArgs({ options });
  return runChecks(chosenSteps(values), { update: values.update });
}

finish(verify());
