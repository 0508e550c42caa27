import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import {
  functionAttributes,
  type KnativeManifestOptions,
  knativeManifest,
  knativeTriggers,
  manifestJson,
  manifestYaml,
} from './index.js';

const billing = functionAttributes({
  function_id: 'billing-processor',
  corpus_entry_cid: `sha256:${'b'.repeat(64)}`,
  capability_mask: 3,
  trigger_events: ['GSAP_CR_RECEIVED', 'GSAP.AC'],
  gsap_required: false,
  max_duration_seconds: 10,
});

describe('knativeManifest', () => {
  it('is byte for byte the structure of the contract', () => {
    expect(JSON.stringify(knativeManifest(billing, 'registry.example/billing:1'))).toBe(
      '{"apiVersion":"serving.knative.dev/v1","kind":"Service",' +
        '"metadata":{"name":"billing-processor","namespace":"default",' +
        '"labels":{"gcap.dev/function-id":"billing-processor","gcap.dev/capability-mask":"3"},' +
        `"annotations":{"gcap.dev/corpus-entry-cid":"sha256:${'b'.repeat(64)}","gcap.dev/gsap-required":"false"}},` +
        '"spec":{"template":{"metadata":{"annotations":{"autoscaling.knative.dev/minScale":"0",' +
        '"autoscaling.knative.dev/maxScale":"10"}},"spec":{"timeoutSeconds":10,' +
        '"containers":[{"image":"registry.example/billing:1","env":[{"name":"GCAP_FUNCTION_ID","value":"billing-processor"},' +
        '{"name":"GCAP_CAPABILITY_MASK","value":"3"}]}]}}}}',
    );
  });

  it('adds what production asks for, and only that', () => {
    const service = knativeManifest(billing, 'image', 'prod', {
      scaleAnnotations: 'kebab',
      minScale: 1,
      maxScale: 3,
      versionLabel: true,
      containerConcurrency: 50,
      serviceAccountName: 'billing',
      env: { LOG_LEVEL: 'warn' },
      secretEnv: { TOKEN: { secret: 'billing-token', key: 'value' } },
      resources: { requests: { cpu: '100m' }, limits: { memory: '128Mi' } },
      probes: true,
      port: 8080,
      hardened: true,
    });
    expect(service).toMatchObject({
      metadata: { namespace: 'prod', labels: { 'app.kubernetes.io/version': '0.1.0' } },
      spec: {
        template: {
          metadata: {
            annotations: {
              'autoscaling.knative.dev/min-scale': '1',
              'autoscaling.knative.dev/max-scale': '3',
            },
          },
          spec: {
            serviceAccountName: 'billing',
            containerConcurrency: 50,
            containers: [
              {
                env: [
                  { name: 'GCAP_FUNCTION_ID' },
                  { name: 'GCAP_CAPABILITY_MASK' },
                  { name: 'LOG_LEVEL', value: 'warn' },
                  {
                    name: 'TOKEN',
                    valueFrom: { secretKeyRef: { name: 'billing-token', key: 'value' } },
                  },
                ],
                ports: [{ containerPort: 8080 }],
                resources: { requests: { cpu: '100m' }, limits: { memory: '128Mi' } },
                readinessProbe: { httpGet: { path: '/readyz' } },
                securityContext: { runAsNonRoot: true },
              },
            ],
          },
        },
      },
    });
  });

  it.each<[string, () => unknown]>([
    ['an image with a space', () => knativeManifest(billing, 'a b')],
    ['no image', () => knativeManifest(billing, '')],
    ['a namespace in capitals', () => knativeManifest(billing, 'i', 'Prod')],
    ['a name that is no label', () => knativeManifest({ ...billing, function_id: 'A' }, 'i')],
    ...(
      [
        ['a label value with a space', { labels: { team: 'a b' } }],
        ['a label value of 64 characters', { labels: { team: 'a'.repeat(64) } }],
        ['a label name with a space', { labels: { 'a b': 'x' } }],
        ['scales the wrong way round', { minScale: 4, maxScale: 2 }],
        ['a variable of its own', { env: { GCAP_FUNCTION_ID: 'x' } }],
        [
          'a variable given twice',
          { env: { A: 'x' }, secretEnv: { A: { secret: 's', key: 'k' } } },
        ],
        ['a quantity that is none', { resources: { limits: { memory: 'much' } } }],
        ['too many requests at once', { containerConcurrency: 1001 }],
        ['a port that is none', { port: 0 }],
      ] as const satisfies readonly (readonly [string, KnativeManifestOptions])[]
    ).map(
      ([what, options]) =>
        [what, () => knativeManifest(billing, 'i', 'default', options)] as [string, () => unknown],
    ),
  ])('refuses %s', (_what, make) => {
    expect(make).toThrowError(expect.objectContaining({ code: 'MANIFEST_INVALID' }));
  });
});

it('there is one trigger per event, which selects it by type', () => {
  expect(knativeTriggers(billing, 'prod').map(({ metadata, spec }) => [metadata, spec])).toEqual([
    [
      {
        name: 'billing-processor-1',
        namespace: 'prod',
        labels: { 'gcap.dev/function-id': 'billing-processor' },
      },
      expect.objectContaining({ filter: { attributes: { type: 'GSAP_CR_RECEIVED' } } }),
    ],
    [expect.anything(), expect.objectContaining({ filter: { attributes: { type: 'GSAP.AC' } } })],
  ]);
});

it('YAML and JSON say the same, in the same bytes every time', async () => {
  const manifests = [knativeManifest(billing, 'i'), ...knativeTriggers(billing)];
  const yaml = await manifestYaml(manifests);
  expect(await manifestYaml(structuredClone(manifests))).toBe(yaml);
  expect(parseAllDocuments(yaml).map((document) => document.toJS())).toEqual(manifests);
  // Clusters read YAML 1.1, where a bare `false`, `3` or `yes` is no text.
  expect(yaml).toContain('gcap.dev/gsap-required: "false"');
  expect(yaml).toContain('gcap.dev/capability-mask: "3"');
  expect(parse(yaml.split('---\n')[0] ?? '', { version: '1.1' })).toEqual(manifests[0]);
  expect(JSON.parse(manifestJson(manifests))).toMatchObject({ kind: 'List', items: manifests });
  expect(JSON.parse(manifestJson([manifests[0] ?? {}]))).toEqual(manifests[0]);
});
