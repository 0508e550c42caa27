import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';

const home = fileURLToPath(new URL('..', import.meta.url));

/** Bundles a program of `test/children` from the sources and returns its file. */
export function bundleChild(name: string): string {
  const folder = `${home}node_modules/.children`;
  mkdirSync(folder, { recursive: true });
  const outfile = `${folder}/${name}-${process.pid}.mjs`;
  buildSync({
    entryPoints: [`${home}test/children/${name}.ts`],
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    outfile,
    tsconfig: `${home}../../tsconfig.json`,
    external: ['pino', 'esbuild', '@opentelemetry/*'],
    sourcemap: 'inline',
  });
  return outfile;
}

export interface Child {
  readonly process: ChildProcess;
  /** Resolves with the first line of a stream that contains the text, also one that has come already. */
  line(stream: 'stdout' | 'stderr', text: string): Promise<string>;
  /** Resolves when the process is over. */
  end(): Promise<{
    readonly code: number | null;
    readonly signal: string | null;
    readonly stdout: string;
    readonly stderr: string;
  }>;
}

export function startChild(
  file: string,
  parameters: readonly string[],
  env: NodeJS.ProcessEnv = {},
): Child {
  const { NODE_EXTRA_CA_CERTS: _unused, NODE_OPTIONS: _options, ...rest } = process.env;
  const child = spawn(process.execPath, [file, ...parameters], { env: { ...rest, ...env } });
  const texts = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      texts[name] += text;
      for (const look of [...waiting]) look();
    });
  }
  const closed = once(child, 'close');
  return {
    process: child,
    line: (stream, text) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = texts[stream].split('\n').find((line) => line.includes(text));
          if (found === undefined) return;
          waiting.delete(look);
          resolve(found);
        };
        waiting.add(look);
        look();
        void closed.then(() =>
          reject(new Error(`the process ended without ${text}: ${texts.stderr}`)),
        );
      }),
    async end() {
      const [code, signal] = (await closed) as [number | null, string | null];
      return { code, signal, ...texts };
    },
  };
}
