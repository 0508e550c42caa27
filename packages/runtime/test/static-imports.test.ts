import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { beforeAll, describe, expect, it } from 'vitest';

const home = fileURLToPath(new URL('..', import.meta.url));
let loaded: string[];

beforeAll(async () => {
  const { metafile } = await build({
    entryPoints: [`${home}src/index.ts`],
    bundle: true,
    write: false,
    metafile: true,
    splitting: true,
    outdir: `${home}dist`,
    format: 'esm',
    platform: 'node',
    tsconfig: `${home}../../tsconfig.json`,
    external: ['pino', 'esbuild', '@opentelemetry/*'],
  });
  // What is loaded at once: the entry and everything that is reached from it by import statements.
  const outputs = metafile.outputs;
  const entry = Object.keys(outputs).find((name) =>
    outputs[name]?.entryPoint?.endsWith('runtime/src/index.ts'),
  );
  const seen = new Set<string>();
  const visit = (name: string): void => {
    if (seen.has(name)) return;
    seen.add(name);
    for (const { path, kind } of outputs[name]?.imports ?? []) {
      if (kind === 'import-statement') visit(path);
    }
  };
  visit(entry ?? '');
  loaded = [...seen].flatMap((name) => [name, ...Object.keys(outputs[name]?.inputs ?? {})]);
});

describe('importing the package', () => {
  it('finds the parts that it always needs', () => {
    expect(loaded.some((name) => name.endsWith('runtime/src/run-batch.ts'))).toBe(true);
  });

  it.each([
    'pino',
    'esbuild',
    '@opentelemetry',
    'zod',
    'grpc',
    'kubernetes',
    'aws',
    'provenance',
    'readline',
    'inspector',
    'typescript-bundle',
    'otlp-exporter',
  ])('loads nothing of %s', (name) => {
    expect(loaded.filter((path) => path.includes(name))).toEqual([]);
  });
});
