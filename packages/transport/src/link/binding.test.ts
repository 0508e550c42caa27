import { expect, test } from 'vitest';
import { readBinding } from './binding.js';
import { dialTarget } from './endpoint.js';
import { resolveSettings } from './settings.js';

const info = { endpoint: ' 127.0.0.1:50051 ', protocolVersion: '1.0.0' };
const env = (value: unknown) => ({
  BUBU_TRANSPORT_BINDING: typeof value === 'string' ? value : JSON.stringify(value),
});

test.each([
  ['', 'BUBU_TRANSPORT_BINDING not set'],
  [`{"x":"${'x'.repeat(1_048_576)}"}`, 'exceeds max size'],
  ['my-binding', 'must be a JSON envelope'],
  ['{"name"', 'unmarshal binding envelope'],
  [info, 'binding envelope name is required'],
  [{ name: 'b' }, 'binding payload is required'],
  [{ name: 'b', binding: { ...info, other: 1 } }, 'binding is no BindingInfo'],
  [{ name: 'b', binding: { endpoint: 'x:1' } }, 'missing transport protocol version'],
  [
    { name: 'b', binding: { ...info, protocolVersion: '9.9.9' } },
    'unsupported transport protocol version "9.9.9" (expected 1.0.0)',
  ],
  [{ name: 'b', binding: { protocolVersion: '1.0.0' } }, 'missing endpoint'],
])('refuses a binding (case %#)', (value, text) => {
  expect(() => readBinding(env(value))).toThrow(text);
});

test('takes overrides before the environment, and ignores what it cannot read', () => {
  const payload = Buffer.from(
    JSON.stringify({
      env: { BUBU_GRPC_MESSAGE_TIMEOUT: '45s', BUBU_GRPC_CHANNEL_BUFFER_SIZE: 1_000_000 },
      delivery: { ordering: 'per_stream' },
    }),
  ).toString('base64');
  const given = {
    ...env({ name: 'b', binding: { ...info, payload } }),
    BUBU_POD_NAMESPACE: 'pods',
  };
  const binding = readBinding(given);
  expect(binding).toMatchObject({
    reference: 'pods/b',
    endpoint: '127.0.0.1:50051',
    ordering: 'per_stream',
  });
  const tuned = { ...given, BUBU_GRPC_MESSAGE_TIMEOUT: '1s', BUBU_GRPC_HEARTBEAT_INTERVAL: '1h' };
  expect(resolveSettings(tuned, binding.overrides)).toMatchObject({
    messageTimeoutMs: 45_000,
    bufferSize: 16, // 1e+06 is no integer.
    dataHeartbeatMs: 44_999,
    maxRetries: 10,
  });
  expect(() => resolveSettings({ BUBU_TRANSPORT_SECURITY_MODE: 'mtls' }, new Map())).toThrow(
    'only "tls"',
  );
});

test.each([
  ['127.0.0.1:50051', false],
  ['127.9.9.9', false],
  ['LocalHost:1', false],
  ['[::1]:50051', false],
  ['unix:///run/x.sock', false],
  ['::1', true],
  ['[::2]:1', true],
  ['dns:///localhost:1', true],
  ['connector.example:443', true],
])('%s is encrypted: %s', (endpoint, secure) => {
  expect(dialTarget(endpoint).secure).toBe(secure);
});
