import { pnpm, refuseIfAny } from '../workspace.mjs';

/** What a production dependency may be licensed under: permissive, compatible with Apache-2.0. */
const ALLOWED = new Set([
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Unlicense',
]);

/** Whether an SPDX expression of plain names with AND / OR is satisfied by the allowed licences. */
function isAllowed(expression) {
  const plain = expression.replace(/[()]/g, '');
  return plain
    .split(/\s+OR\s+/)
    .some((choice) => choice.split(/\s+AND\s+/).every((one) => ALLOWED.has(one)));
}

/** Checks the licence of everything that comes with the published packages. */
export async function checkLicences() {
  const { stdout } = await pnpm([
    'licenses',
    'list',
    '--json',
    '--prod',
    '--filter',
    './packages/*',
  ]);
  const byLicence = stdout.trim().startsWith('{') ? JSON.parse(stdout) : {};
  const problems = Object.entries(byLicence)
    .filter(([licence]) => !isAllowed(licence))
    .flatMap(([licence, found]) => found.map(({ name }) => `${name} is licensed under ${licence}`));
  refuseIfAny(
    problems,
    'Choose another dependency, or extend the list in scripts/gate/licences.mjs on purpose.',
  );
  const counts = Object.entries(byLicence).map(([licence, found]) => `${found.length} ${licence}`);
  return counts.join(', ') || 'no dependencies';
}
