// Starts a server on loopback and lets the engram read it page by page, with a token from the environment.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const TOKEN = 'example-token-0123456789';
const here = dirname(fileURLToPath(import.meta.url));
const cli = join(
  dirname(createRequire(import.meta.url).resolve('engramkit/package.json')),
  'dist/cli.js',
);

const server = createServer((request, response) => {
  const authorized = request.headers.authorization === `Bearer ${TOKEN}`;
  const page = Number(new URL(request.url, 'http://loopback').searchParams.get('page') ?? 1);
  response.writeHead(authorized ? 200 : 401, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify(
      authorized
        ? {
            items: [{ id: page * 2 - 1 }, { id: page * 2 }],
            next: page < 3 ? `/?page=${page + 1}` : null,
          }
        : { error: 'no token' },
    ),
  );
});
server.listen(0, '127.0.0.1');
await once(server, 'listening');
const state = mkdtempSync(join(tmpdir(), 'http-request-'));

async function run(...more) {
  const child = spawn(
    process.execPath,
    [
      ...[cli, 'run', 'src/http-request.ts', '--json', '--quiet', '--directory', state],
      ...['--inputs', JSON.stringify({ url: `http://127.0.0.1:${server.address().port}/` })],
      ...more,
    ],
    {
      cwd: here,
      env: { ...process.env, SERVICE_TOKEN: TOKEN },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close'),
  ]);
  assert.ok(!`${stdout}${stderr}`.includes(TOKEN), 'the token shows up in the output');
  return { code, result: JSON.parse(stdout) };
}

try {
  const config = {
    auth: { type: 'bearer' },
    pagination: { mode: 'nextUrl', resultsPath: '$.items', nextURLPath: '$.next' },
  };
  const paged = await run(
    ...['--config', JSON.stringify(config)],
    ...['--secret', 'bearer_token=env:SERVICE_TOKEN'],
  );
  assert.equal(paged.code, 0);
  assert.deepEqual(
    paged.result.output.body.map(({ id }) => id),
    [1, 2, 3, 4, 5, 6],
  );
  const refused = await run();
  assert.equal(refused.code, 1);
  assert.equal(refused.result.failure.structured.code, 'HTTP_401');
  console.log('http-request: 6 items on 3 pages; without the token HTTP_401');
} finally {
  server.close();
  rmSync(state, { recursive: true, force: true });
}
