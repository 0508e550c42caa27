import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEnvironment, requireEnvironment } from './environment.js';
import { EnvironmentError } from './environment-error.js';

const read = (variables: Readonly<Record<string, string>>) =>
  readEnvironment(variables, { now: 5 });
const problemsOf = (variables: Readonly<Record<string, string>>) =>
  read(variables).problems.map((problem) => problem.variable);

describe('the environment', () => {
  it('has a default for everything', () => {
    const { environment, problems, warnings } = read({});
    expect(problems).toEqual([]);
    expect(warnings).toEqual([]);
    expect(environment.identity).toMatchObject({ executionMode: 'batch', startedAt: 5 });
    expect(environment.payload).toMatchObject({ triggerData: {}, stepConfig: {}, transports: [] });
    expect(environment.payload.templateContext).toBeUndefined();
    expect(environment.limits).toMatchObject({
      stepTimeoutMs: 1_800_000,
      strictUnmarshal: false,
      hybridBridge: true,
      mediaInlineSize: 49_152,
      debug: false,
    });
    expect(environment.kubernetes).toMatchObject({
      userAgent: 'bubu-sdk-go',
      timeoutMs: 30_000,
      patchMaxRetries: 5,
    });
    expect(environment.storage).toEqual({
      backend: { provider: 'none' },
      maxInlineSize: 1_024,
      maxRecursionDepth: 10,
      timeoutMs: 300_000,
      outputPrefix: 'outputs',
      inputPrefix: 'inputs',
    });
    expect(environment.observability).toEqual({ metrics: true, tracing: true, propagation: true });
  });

  it('reads the variables of a batch Job', () => {
    const { environment, problems } = read({
      BUBU_STORY_NAME: ' flow',
      BUBU_STORYRUN_ID: 'flow-1',
      BUBU_STEP_NAME: 'greet',
      BUBU_STEPRUN_NAME: 'flow-1-greet',
      BUBU_STEPRUN_NAMESPACE: 'team-a',
      BUBU_POD_NAMESPACE: 'pods',
      BUBU_EXECUTION_MODE: ' JOB ',
      BUBU_STARTED_AT: '2026-01-02T03:04:05.678901234Z',
      BUBU_TRIGGER_DATA: '{"who":"Ada","who":"Eve"}',
      BUBU_STEP_CONFIG: ' null ',
      BUBU_CONFIG_Mode: 'x',
      BUBU_CONFIG_: 'ignored',
      BUBU_CONFIG_HYDRATION_MAX_DEPTH: '7',
      BUBU_TEMPLATE_CONTEXT: '{"inputs":{}}',
      BUBU_SECRET_api: 'env:K',
      BUBU_STEP_TIMEOUT: '5m0s',
      BUBU_MAX_INLINE_SIZE: '0',
      BUBU_SKIP_INPUT_TEMPLATING: 'YES',
      BUBU_LOG_ALLOWED_ROOTS: '/logs::/data',
    });
    expect(problems).toEqual([]);
    expect(environment.identity).toMatchObject({
      storyName: ' flow',
      stepRunName: 'flow-1-greet',
      executionMode: 'batch',
      startedAt: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
      clientNamespace: 'team-a',
      referenceNamespace: 'pods',
    });
    expect(environment.payload).toMatchObject({
      triggerData: { who: 'Eve' },
      stepConfig: { Mode: 'x' },
      templateContext: { inputs: {} },
      secretDescriptors: { api: 'env:K' },
      skipInputTemplating: true,
    });
    expect(environment.limits).toMatchObject({
      stepTimeoutMs: 300_000,
      configHydrationMaxDepth: 7,
      logAllowedRoots: ['/logs', '/data'],
    });
    expect(environment.storage.maxInlineSize).toBe(0);
  });

  it('names every problem in one error and shows no payload and no credential', () => {
    const report = read({
      BUBU_TRIGGER_DATA: '{"password":"hunter2",',
      BUBU_STEP_CONFIG: '["hunter2"]',
      BUBU_TRANSPORTS: '[{"name":"a"},{"name":"b","kind":"k","mode":"hunter2"}]',
      BUBU_MAX_INLINE_SIZE: '-1',
      BUBU_STORAGE_PROVIDER: 's3',
      BUBU_STORAGE_S3_ENDPOINT: 'https://root:hunter2@store',
      BUBU_S3_TLS: '',
      BUBU_S3_ACCESS_KEY_ID: 'hunter2',
      BUBU_TRIGGER_RETRY_BASE_DELAY: '0s',
      BUBU_TRIGGER_DEDUPE_MODE: 'maybe',
    });
    const error = (() => {
      try {
        requireEnvironment(report);
      } catch (thrown) {
        return thrown;
      }
      return undefined;
    })();
    expect(error).toBeInstanceOf(EnvironmentError);
    const { message } = error as EnvironmentError;
    for (const variable of [
      'BUBU_TRIGGER_DATA',
      'BUBU_STEP_CONFIG',
      'BUBU_TRANSPORTS',
      'BUBU_MAX_INLINE_SIZE',
      'BUBU_STORAGE_S3_BUCKET',
      'BUBU_STORAGE_S3_ENDPOINT',
      'BUBU_S3_TLS',
      'BUBU_S3_SECRET_ACCESS_KEY',
      'BUBU_TRIGGER_RETRY_BASE_DELAY',
      'BUBU_TRIGGER_DEDUPE_MODE',
    ]) {
      expect(message).toContain(variable);
    }
    expect(message).not.toContain('hunter2');
    expect(() => requireEnvironment(report, ['context'], 'failed: ')).toThrow(
      /^failed: .*BUBU_TRIGGER_DATA/,
    );
    expect(report.problems.some((problem) => problem.part === 'triggers')).toBe(true);
  });

  it('keeps the identity when everything else is malformed', () => {
    const report = read({ BUBU_STEPRUN_NAME: 'run', BUBU_TRIGGER_DATA: '{' });
    expect(report.environment.identity.stepRunName).toBe('run');
    expect(report.environment.payload.triggerData).toEqual({});
  });

  it('warns of values it passes over and goes on with the default', () => {
    const { environment, warnings, problems } = read({
      BUBU_STEP_TIMEOUT: '0',
      BUBU_SIGNAL_MAX_PAYLOAD_BYTES: 'many',
      BUBU_SDK_METRICS_ENABLED: 'perhaps',
      BUBU_RUNTIME_STRICT_UNMARSHAL: 'yes',
      BUBU_K8S_PATCH_MAX_RETRIES: 'x',
      BUBU_K8S_TIMEOUT: 'soon',
    });
    expect(problems).toEqual([]);
    expect(environment.limits).toMatchObject({
      stepTimeoutMs: 1_800_000,
      signalMaxPayloadBytes: 8_192,
      strictUnmarshal: false,
    });
    expect(environment.kubernetes).toMatchObject({ patchMaxRetries: 5, timeoutMs: 30_000 });
    expect(warnings.map((warning) => warning.variable).sort()).toEqual([
      'BUBU_K8S_PATCH_MAX_RETRIES',
      'BUBU_RUNTIME_STRICT_UNMARSHAL',
      'BUBU_SDK_METRICS_ENABLED',
      'BUBU_SIGNAL_MAX_PAYLOAD_BYTES',
      'BUBU_STEP_TIMEOUT',
    ]);
  });

  it.each([
    ['5', 5],
    ['-3', 0],
    ['0', 0],
  ])('takes %s retries as %i', (text, retries) => {
    expect(read({ BUBU_K8S_PATCH_MAX_RETRIES: text }).environment.kubernetes.patchMaxRetries).toBe(
      retries,
    );
  });

  it.each([
    ['', '1024', []],
    ['', ' 1024', ['BUBU_MAX_INLINE_SIZE']],
    ['', '1.5', ['BUBU_MAX_INLINE_SIZE']],
    ['S3', '1', ['BUBU_STORAGE_PROVIDER']],
    [' none ', '1', []],
    ['file', '1', ['BUBU_STORAGE_PATH']],
  ])('judges provider %j with limit %j', (provider, limit, problems) => {
    expect(problemsOf({ BUBU_STORAGE_PROVIDER: provider, BUBU_MAX_INLINE_SIZE: limit })).toEqual(
      expect.arrayContaining(problems),
    );
    expect(
      problemsOf({ BUBU_STORAGE_PROVIDER: provider, BUBU_MAX_INLINE_SIZE: limit }),
    ).toHaveLength(problems.length);
  });

  it.each([
    [{}, undefined, false],
    [{ BUBU_STORAGE_S3_ENDPOINT: 'minio:9000' }, 'https://minio:9000', true],
    [{ BUBU_STORAGE_S3_ENDPOINT: 'minio:9000', BUBU_S3_TLS: 'no' }, 'http://minio:9000', true],
    [
      { BUBU_STORAGE_S3_ENDPOINT: 'http://minio/#x', BUBU_S3_FORCE_PATH_STYLE: 'f' },
      'http://minio',
      false,
    ],
  ])('resolves the S3 address of %j', (variables, endpoint, pathStyle) => {
    const { environment, problems } = read({
      BUBU_STORAGE_PROVIDER: 's3',
      BUBU_STORAGE_S3_BUCKET: 'b',
      ...variables,
    });
    expect(problems).toEqual([]);
    expect(environment.storage.backend).toMatchObject({
      region: 'us-east-1',
      forcePathStyle: pathStyle,
    });
    expect(environment.storage.backend).toHaveProperty('endpoint', endpoint);
  });

  it('takes its own key before the injected one, and the injected one with an endpoint too', () => {
    const injected = { AWS_ACCESS_KEY_ID: 'a', AWS_SECRET_ACCESS_KEY: 'b' };
    const base = {
      BUBU_STORAGE_PROVIDER: 's3',
      BUBU_STORAGE_S3_BUCKET: 'b',
      BUBU_STORAGE_S3_ENDPOINT: 'minio',
    };
    expect(read({ ...base, ...injected }).environment.storage.backend).toMatchObject({
      credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    });
    expect(
      read({ ...base, ...injected, BUBU_S3_ACCESS_KEY_ID: 'c', BUBU_S3_SECRET_ACCESS_KEY: 'd' })
        .environment.storage.backend,
    ).toMatchObject({ credentials: { accessKeyId: 'c', secretAccessKey: 'd' } });
  });

  it('never throws and always yields positive limits, whatever the variables hold', () => {
    const names = [
      'BUBU_TRIGGER_DATA',
      'BUBU_TRANSPORTS',
      'BUBU_STEP_TIMEOUT',
      'BUBU_MAX_INLINE_SIZE',
      'BUBU_STARTED_AT',
      'BUBU_STORAGE_S3_ENDPOINT',
      'BUBU_S3_MAX_PART_SIZE',
    ];
    fc.assert(
      fc.property(fc.dictionary(fc.constantFrom(...names), fc.string()), (variables) => {
        const { environment } = read({ BUBU_STORAGE_PROVIDER: 's3', ...variables });
        expect(environment.limits.stepTimeoutMs).toBeGreaterThan(0);
        expect(environment.storage.maxInlineSize).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(environment.identity.startedAt)).toBe(true);
      }),
    );
  });
});
