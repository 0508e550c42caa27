import { existsSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createArcpRuntime, defineAgent, staticTokens } from '../index.js';
import { mountArcp } from '../node.js';

/** What a page pays for the client, compressed, in bytes. */
const LARGEST_BUNDLE = 21 * 1024;
const program = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  (path) => existsSync(path),
);

async function bundle(): Promise<Uint8Array> {
  const { outputFiles } = await build({
    stdin: {
      contents: "export { connect } from '@engramkit/client';",
      resolveDir: import.meta.dirname,
    },
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'browser',
    write: false,
    // Loaded only where the platform has no WebSocket.
    external: ['@engramkit/arcp/node'],
    alias: {
      '@engramkit/client': new URL('../../../client/src/index.ts', import.meta.url).pathname,
      '@engramkit/arcp': new URL('../../../arcp/src/index.ts', import.meta.url).pathname,
      '@engramkit/core': new URL('../../../core/src/index.ts', import.meta.url).pathname,
    },
    plugins: [
      {
        name: 'node-only',
        setup: (context) =>
          context.onResolve({ filter: /^@engramkit\/arcp\/node$/ }, ({ path }) => ({
            path,
            external: true,
          })),
      },
    ],
  });
  return outputFiles[0]!.contents;
}

/** What the page does, as text: the test's own transformation must not reach into it. */
const PAGE = (url: string): string => `(async () => {
  const { connect } = await import('/client.js');
  const client = await connect({ url: ${JSON.stringify(url)}, token: 'tok' });
  const echoed = await client.run('echo', { msg: 'hi' });
  const job = await client.submit('steps');
  const progress = [];
  for await (const event of job.events) if (event.kind === 'progress') progress.push(event.body.current);
  const text = new TextDecoder().decode(await job.bytes());
  const refused = await client.submit('nobody').catch((error) => error.code);
  await client.close();
  return { echoed, progress, text, refused };
})()`;

describe('the client in a browser', () => {
  let script: Uint8Array;
  beforeAll(async () => {
    script = await bundle();
  });

  it('is one small file that needs nothing of Node', () => {
    expect(gzipSync(script).length).toBeLessThan(LARGEST_BUNDLE);
    expect(new TextDecoder().decode(script)).not.toMatch(/from\s*["']node:/);
  });

  if (program === undefined)
    console.warn('SKIPPED: there is no Chromium here, so that no page runs the client.');
  describe.skipIf(program === undefined)('of Chromium', () => {
    const runtime = createArcpRuntime({
      agents: [
        defineAgent({ name: 'echo', handler: (input) => ({ echoed: input ?? null }) }),
        defineAgent({
          name: 'steps',
          async handler(_, context) {
            for (let step = 1; step <= 3; step += 1) await context.progress(step, { total: 3 });
            const writer = context.streamResult();
            await writer.write('naïve 🚀');
          },
        }),
      ],
      authenticate: staticTokens({ tok: 'alice' }),
    });
    const server = createServer((request, response) => {
      const isScript = request.url === '/client.js';
      response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html');
      response.end(isScript ? script : '<!doctype html><title>t</title>');
    });
    beforeAll(async () => {
      mountArcp(server, runtime);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    });
    afterAll(async () => {
      await runtime.close({ drainMs: 0 });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });

    it('runs jobs, reads events and streams, and hears refusals', async () => {
      const { port } = server.address() as AddressInfo;
      const browser = await chromium.launch({
        executablePath: program!,
        args: ['--no-sandbox', '--disable-gpu'],
      });
      try {
        const page = await browser.newPage();
        await page.goto(`http://127.0.0.1:${port}/`);
        const seen = await page.evaluate(PAGE(`ws://127.0.0.1:${port}/arcp`));
        expect(seen).toEqual({
          echoed: { echoed: { msg: 'hi' } },
          progress: [1, 2, 3],
          text: 'naïve 🚀',
          refused: 'AGENT_NOT_AVAILABLE',
        });
      } finally {
        await browser.close();
      }
    });
  });
});
