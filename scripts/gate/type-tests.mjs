import fs from 'node:fs';
import path from 'node:path';
import { root } from '../progress.mjs';
import { cacheFolder, node, publishedPackages, refuseIfAny } from '../workspace.mjs';

/** Compiles every `*.test-d.ts` strictly, apart from everything else: what must compile does, what must not does not. */
export async function checkTypeTests() {
  const files = publishedPackages().flatMap(({ directory }) =>
    fs
      .readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.test-d.ts') && !/node_modules|dist/.test(file))
      .map((file) => path.join(directory, file)),
  );
  const empty = files.filter((file) => !/@ts-expect-error/.test(fs.readFileSync(file, 'utf8')));
  refuseIfAny(
    empty.map((file) => `${path.relative(root, file)} expects no error`),
    'A type test says what must not compile too: add a line under // @ts-expect-error.',
  );
  const project = cacheFolder('type-tests', 'tsconfig.json');
  fs.mkdirSync(path.dirname(project), { recursive: true });
  const config = { extends: path.join(root, 'tsconfig.json'), include: [], files };
  fs.writeFileSync(project, JSON.stringify(config, null, 2));
  if (files.length > 0) await node(['scripts/tsc7.mjs', '-p', project, '--noEmit']);
  return `${files.length} files`;
}
