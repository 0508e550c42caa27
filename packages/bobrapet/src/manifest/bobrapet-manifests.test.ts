import type { ComponentDescription } from '@engramkit/descriptor';
import { describe, expect, test } from 'vitest';
import { bobrapetManifests } from './bobrapet-manifests.js';

const GREET: ComponentDescription = {
  format: 'engramkit.component/1' as ComponentDescription['format'],
  kind: 'batch',
  name: 'Ts Greeter',
  version: '0.1.0',
  module: 'greet.ts',
  inputs: {
    $schema: 'x',
    type: 'object',
    properties: { who: { type: 'string' } },
    required: ['who'],
  },
  secrets: ['token'],
  weakDecoding: true,
};

describe('manifests for the operator', () => {
  test('of a batch engram: template, engram and story, ready to be applied', () => {
    const manifests = bobrapetManifests(GREET, {
      image: 'registry.example/greet:1',
      namespace: 'a',
    });
    expect(manifests.map(({ kind }) => kind)).toEqual(['EngramTemplate', 'Engram', 'Story']);
    expect(manifests[0]).toMatchObject({
      metadata: { name: 'ts-greeter' },
      spec: {
        version: '0.1.0',
        supportedModes: ['job'],
        image: 'registry.example/greet:1',
        inputSchema: { type: 'object', required: ['who'] },
        secretSchema: { 'ts-greeter': { expectedKeys: ['token'] } },
        execution: { job: { recommendedBackoffLimit: 0 } },
      },
    });
    expect(JSON.stringify(manifests)).not.toContain('$schema');
    expect(manifests[2]).toMatchObject({
      spec: { steps: [{ ref: { name: 'ts-greeter' }, with: { who: '{{ index inputs "who" }}' } }] },
    });
  });

  test('of an impulse: template, impulse and story', () => {
    const manifests = bobrapetManifests({ ...GREET, kind: 'impulse' }, { image: 'i:1' });
    expect(manifests.map(({ kind }) => kind)).toEqual(['ImpulseTemplate', 'Impulse', 'Story']);
    expect(manifests[1]).toMatchObject({ spec: { storyRef: { name: 'ts-greeter-story' } } });
  });

  test('the same description gives the same bytes', () => {
    const text = () => JSON.stringify(bobrapetManifests(structuredClone(GREET), { image: 'i' }));
    expect(text()).toBe(text());
  });

  test('other kinds and images without a name are refused', () => {
    expect(() => bobrapetManifests(GREET, { image: ' ' })).toThrow(/image/);
    expect(() => bobrapetManifests({ ...GREET, kind: 'streaming' }, { image: 'i' })).toThrow(
      /kind/,
    );
  });
});
