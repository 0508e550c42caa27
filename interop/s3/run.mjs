// Writes and reads objects of many shapes through a real S3 service, versitygw, over its POSIX backend.
import assert from 'node:assert/strict';
import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  openObjectStore,
  openPayloadStorage,
  readEnvironment,
  requireEnvironment,
} from '../../packages/bobrapet/dist/index.js';
import { systemClock, systemRandom } from '../../packages/core/dist/index.js';

const MODULE = 'github.com/versity/versitygw/cmd/versitygw@v1.8.0';
const cache = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache'),
  'engramkit-interop',
  'versitygw',
);
const program = join(cache, 'versitygw');
if (!existsSync(program)) {
  mkdirSync(cache, { recursive: true });
  execFileSync('nice', ['-n', '15', 'go', 'install', MODULE], {
    env: { ...process.env, GOBIN: cache, GOFLAGS: '-p=1' },
    stdio: 'inherit',
    timeout: 1_800_000,
  });
}

const port = await new Promise((resolve) => {
  const probe = createServer().listen(0, '127.0.0.1', () => {
    const { port: free } = probe.address();
    probe.close(() => resolve(free));
  });
});
const folder = mkdtempSync(join(tmpdir(), 's3-interop-'));
const data = join(folder, 'data');
mkdirSync(join(data, 'bucket'), { recursive: true });
mkdirSync(join(folder, 'meta'));
const key = { id: 'interop', secret: 'interop-secret' };
const service = spawn(
  program,
  [
    '--port',
    `127.0.0.1:${port}`,
    '--access',
    key.id,
    '--secret',
    key.secret,
    'posix',
    '--sidecar',
    join(folder, 'meta'),
    data,
  ],
  { stdio: ['ignore', 'pipe', 'pipe'] },
);
let said = '';
for (const stream of [service.stdout, service.stderr])
  stream.on('data', (piece) => (said += piece));
const open = async (secret) => {
  const report = readEnvironment(
    {
      BUBU_STORAGE_PROVIDER: 's3',
      BUBU_STORAGE_S3_BUCKET: 'bucket',
      BUBU_STORAGE_S3_ENDPOINT: `http://127.0.0.1:${port}`,
      BUBU_S3_ACCESS_KEY_ID: key.id,
      BUBU_S3_SECRET_ACCESS_KEY: secret,
      BUBU_MAX_INLINE_SIZE: '16',
    },
    { now: 0 },
  );
  const { storage } = requireEnvironment(report);
  const ports = { clock: systemClock, random: systemRandom };
  return { settings: storage, store: await openObjectStore(storage.backend, ports) };
};
try {
  const { settings, store } = await open(key.secret);
  for (let attempt = 0; ; attempt++) {
    const answered = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (answered) break;
    if (attempt > 100 || service.exitCode !== null)
      throw new Error(`versitygw did not start:\n${said}`);
    await sleep(100);
  }
  const { signal } = new AbortController();
  const payloads = openPayloadStorage({
    settings,
    store,
    clock: systemClock,
    output: { id: 'team/run' },
  });
  const document = {
    text: 'ä<&>'.repeat(50),
    rows: [{ 'a/b c+&=': 'x'.repeat(40) }, Array(40).fill(1)],
  };
  const stored = await payloads.dehydrate(document, { signal });
  assert.notDeepEqual(stored, document);
  assert.deepEqual(await payloads.hydrate(stored, { signal }), document);
  const sizes = [0, 1, 5 * 1024 * 1024 - 1, 5 * 1024 * 1024, 5 * 1024 * 1024 + 1, 23_000_001];
  for (const size of sizes) {
    const body = Buffer.alloc(size, size % 251);
    const pieces = (async function* () {
      for (let at = 0; at < size; at += 300_007) yield body.subarray(at, at + 300_007);
    })();
    await payloads.upload(`logs/${size}.log`, pieces, { signal, contentType: 'text/plain' });
    assert.ok(
      body.equals(await store.read(`logs/${size}.log`, { maxBytes: 30_000_000 })),
      `${size} bytes`,
    );
  }
  await assert.rejects(store.read('none', { maxBytes: 9 }), { code: 'STORAGE_OBJECT_MISSING' });
  await assert.rejects(store.read('logs/23000001.log', { maxBytes: 9 }), {
    code: 'STORAGE_OBJECT_TOO_LARGE',
  });
  const stranger = await open('another');
  await assert.rejects(stranger.store.read('logs/1.log', { maxBytes: 9 }), {
    code: 'STORAGE_DENIED',
  });
  await stranger.store.close();
  await payloads.close();
  assert.ok(readdirSync(join(data, 'bucket')).includes('logs'));
  console.log(`S3: ${sizes.length} uploads and one document agree with versitygw`);
} finally {
  service.kill('SIGTERM');
  rmSync(folder, { recursive: true, force: true });
}
