import { describe, expect, it } from 'vitest';
import { checkNode, checkOperatorContract, checkTracing } from './environment-checks.js';
import type { Machine } from './finding.js';

function machine(env: Machine['env'] = {}, nodeVersion = '22.11.0'): Machine {
  return { env, nodeVersion, directory: '/', stateDirectory: '/', now: () => 0 };
}

describe('checkNode', () => {
  it.each(['18.20.4', '20.18.3', '20.0.0'])('calls %s broken and names the fix', (version) => {
    expect(checkNode(machine({}, version))).toEqual([
      expect.objectContaining({ verdict: 'broken', fix: expect.stringContaining('nodejs.org') }),
    ]);
  });

  it.each(['20.19.0', '22.11.0', '26.0.0'])('accepts %s', (version) => {
    expect(checkNode(machine({}, version)).map(({ verdict }) => verdict)).toEqual(['fine']);
  });

  it('points at what slows the start down', () => {
    const env = { NODE_EXTRA_CA_CERTS: '/ca.pem', NODE_OPTIONS: '--require ./x.js' };
    const texts = checkNode(machine(env, '20.20.2')).map(({ text }) => text);
    expect(texts).toEqual([
      'Node.js 20.20.2',
      expect.stringContaining('NODE_EXTRA_CA_CERTS'),
      expect.stringContaining('NODE_OPTIONS'),
    ]);
  });
});

describe('checkOperatorContract', () => {
  it('is content without any variable', () => {
    expect(checkOperatorContract(machine({ PATH: '/bin' }))[0]?.verdict).toBe('fine');
  });

  it('names what is missing of a half-set contract', () => {
    const [finding] = checkOperatorContract(machine({ BUBU_STEPRUN_NAME: 'a' }));
    expect(finding).toMatchObject({
      verdict: 'notice',
      text: expect.stringContaining('BUBU_STEPRUN_NAMESPACE, BUBU_STORYRUN_ID are not'),
    });
  });

  it('never shows a value', () => {
    const env = { BUBU_SECRET_token: 'hunter2', BUBU_STEPRUN_NAME: 'hunter2' };
    expect(JSON.stringify(checkOperatorContract(machine(env)))).not.toContain('hunter2');
  });
});

describe('checkTracing', () => {
  it.each([
    [{}, 'fine', 'off'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:4318/x' }, 'fine', 'http://localhost:4318'],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: 'localhost:4318' }, 'broken', 'OTEL_EXPORTER_OTLP_ENDPOINT'],
    [
      { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'nonsense' },
      'broken',
      'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    ],
    [
      { OTEL_SDK_DISABLED: 'TRUE', OTEL_EXPORTER_OTLP_ENDPOINT: 'nonsense' },
      'fine',
      'OTEL_SDK_DISABLED',
    ],
    [{ OTEL_TRACES_EXPORTER: 'none', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://x' }, 'fine', 'off'],
  ])('judges %j as %s', (env, verdict, text) => {
    expect(checkTracing(machine(env))).toEqual([
      expect.objectContaining({ verdict, text: expect.stringContaining(text) }),
    ]);
  });
});
