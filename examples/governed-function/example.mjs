import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';

// Serves the functions, sells something, and shows what led to what.
const records = mkdtempSync(join(tmpdir(), 'governed-function-'));
const manifest = createRequire(import.meta.url).resolve('engramkit/package.json');
const args = ['serve', 'src/shop.ts', '--port', '0', '--directory', records];
const server = spawn(process.execPath, [join(dirname(manifest), 'dist/cli.js'), ...args], {
  cwd: import.meta.dirname,
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  const [line] = await new Promise((resolve, reject) => {
    server.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    createInterface(server.stdout).once('line', (text) => resolve([text]));
  });
  const { url } = JSON.parse(line);
  const reply = await fetch(`${url}/functions/sell/invoke`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', 'idempotency-key': 'order-1' },
    body: '{"event":{"article":"tea","count":2}}',
  });
  const sold = await reply.json();
  const [followUp] = sold.metadata.follow_ups;
  const lineage = await (await fetch(`${url}/lineage/${followUp.lineage_cid}`)).json();
  console.log('sold', sold.data, sold.output_cid);
  console.log('lineage holds:', lineage.valid);
  for (const { event } of lineage.steps) console.log(' ', event.subject, event.data.event_kind);
  if (!sold.success || !lineage.valid || lineage.steps.length !== 4) process.exitCode = 1;
} finally {
  const ended = new Promise((resolve) => server.once('exit', resolve));
  server.kill('SIGTERM');
  await ended;
  rmSync(records, { recursive: true, force: true });
}
