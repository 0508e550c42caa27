import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { engramkit, fixtures, start, temporaryFolder } from './cli-process.js';

const shop = fileURLToPath(
  new URL('../../../examples/governed-function/src/shop.ts', import.meta.url),
);
const folder = temporaryFolder();
let running: ChildProcess | undefined;
// A promise that does not hold must not leave a server behind.
afterAll(() => void running?.kill('SIGKILL'));
const here = () => ['--directory', folder.path];

describe('engramkit serve', () => {
  it('answers calls of functions and of engrams, records them, and drains at the first signal', async () => {
    const server = start(['serve', shop, `${fixtures}/greet.ts`, '--port', '0', ...here()]);
    running = server.child;
    let line = '';
    server.child.stdout?.on('data', (text: string) => {
      line += text;
    });
    await server.shows('\n');
    const told = JSON.parse(line) as {
      readonly url: string;
      readonly functions: readonly string[];
    };
    expect(told.functions).toEqual(['billing-processor', 'restock', 'sell', 'greet']);
    const reply = await fetch(`${told.url}/functions/sell/invoke`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"event":{"article":"tea","count":2}}',
    });
    const sold = (await reply.json()) as { readonly lineage_cid: string };
    const lineage = await fetch(`${told.url}/lineage/${sold.lineage_cid}`);
    expect(await lineage.json()).toMatchObject({ valid: true });
    server.child.kill('SIGTERM');
    expect((await server.ended).code).toBe(0);
  });

  it('refuses to be open to everybody, a port that is none and a module without functions', async () => {
    const open = await engramkit(['serve', shop, '--host', '0.0.0.0', ...here()]);
    expect([open.code, open.stderr.includes('open to everybody')]).toEqual([1, true]);
    expect((await engramkit(['serve', shop, '--port', 'abc'])).code).toBe(2);
    const none = await engramkit(['serve', `${fixtures}/no-component.ts`, ...here()]);
    expect([none.code, none.stderr.includes('exports no function')]).toEqual([1, true]);
  });
});

describe('engramkit invoke', () => {
  it('calls one function and says with the exit code how it went', async () => {
    const event = ['--event', '{"article":"tea","count":2}'];
    const good = await engramkit(['invoke', shop, 'sell', ...event, '--json', ...here()]);
    expect(good.code).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({
      success: true,
      data: { article: 'tea', total_cents: 500 },
      lineage_cid: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      output_cid: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
    const bad = await engramkit(['invoke', shop, 'sell', '--event', '{}', ...here()]);
    expect([bad.code, bad.stderr.includes('does not match the schema')]).toEqual([1, true]);
  });

  it('asks which function is meant, and suggests the nearest', async () => {
    const several = await engramkit(['invoke', shop, ...here()]);
    expect(several.stderr).toContain('several functions: billing-processor, restock, sell');
    const near = await engramkit(['invoke', shop, 'restok', ...here()]);
    expect(near.stderr).toContain('Did you mean restock?');
  });
});

describe('engramkit manifest', () => {
  it('writes a Service per function and a Trigger per event, as YAML or JSON', async () => {
    const args = ['manifest', shop, '--image', 'registry.example/shop:1', '--triggers', ...here()];
    const yaml = await engramkit(args);
    const documents = parseAllDocuments(yaml.stdout).map(
      (one) => one.toJS() as { readonly kind: string },
    );
    expect(documents.map(({ kind }) => kind)).toEqual([
      'Service',
      'Trigger',
      'Service',
      'Trigger',
      'Service',
    ]);
    const json = await engramkit([...args, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ kind: 'List', items: documents });
    expect((await engramkit(['manifest', shop, ...here()])).code).toBe(2);
  });
});
