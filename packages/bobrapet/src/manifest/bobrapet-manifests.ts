import { InvalidInputError, type JsonObject } from '@engramkit/core';
import type { ComponentDescription } from '@engramkit/descriptor';
import { labelSafeValue } from '@engramkit/ids';

/** Options of {@link bobrapetManifests}. */
export interface BobrapetManifestOptions {
  /** The container image; at most 512 characters. */
  readonly image: string;
  /** Where the samples go; default `default`. */
  readonly namespace?: string | undefined;
}

/** Source: bobrapet-batch section 11.1. */
const LONGEST_IMAGE = 512;

/**
 * The template of a component, and a sample of everything around it: Engram and Story, or Impulse and Story.
 *
 * The same description gives the same objects. Jobs are not repeated by Kubernetes (`recommendedBackoffLimit: 0`), because the
 * operator would not hear of it. Throws `MANIFEST_IMAGE_INVALID` and `COMPONENT_KIND_UNSUPPORTED`.
 * Source: bobrapet-batch sections 2.10 and 11.1 to 11.5.
 */
export function bobrapetManifests(
  description: ComponentDescription,
  options: BobrapetManifestOptions,
): readonly JsonObject[] {
  const { image, namespace = 'default' } = options;
  if (image.trim() === '' || image.length > LONGEST_IMAGE) {
    throw new InvalidInputError(`the image must have 1 to ${LONGEST_IMAGE} characters`, {
      code: 'MANIFEST_IMAGE_INVALID',
      hint: 'Name the container image, such as registry.example/name:tag.',
    });
  }
  const name = labelSafeValue(description.name);
  const common = { name, namespace, image, description };
  if (description.kind === 'batch')
    return [engramTemplate(common), engram(common), batchStory(common)];
  if (description.kind === 'impulse') {
    return [impulseTemplate(common), impulse(common), impulseStory(common)];
  }
  throw new InvalidInputError(`there are no manifests for components of kind ${description.kind}`, {
    code: 'COMPONENT_KIND_UNSUPPORTED',
    hint: 'Manifests are made of batch engrams and impulses.',
  });
}

interface Parts {
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly description: ComponentDescription;
}

const SECURITY = {
  requiresNonRoot: true,
  requiresReadOnlyRoot: true,
  requiresNoPrivilegeEscalation: true,
} as const;

function engramTemplate(parts: Parts): JsonObject {
  const { description } = parts;
  return template('EngramTemplate', parts, {
    supportedModes: ['job'],
    ...(description.config === undefined ? {} : { configSchema: schemaOf(description.config) }),
    ...(description.inputs === undefined ? {} : { inputSchema: schemaOf(description.inputs) }),
    ...(description.output === undefined ? {} : { outputSchema: schemaOf(description.output) }),
    execution: {
      security: SECURITY,
      job: { recommendedBackoffLimit: 0, recommendedRestartPolicy: 'Never' },
    },
  });
}

function impulseTemplate(parts: Parts): JsonObject {
  const { config } = parts.description;
  return template('ImpulseTemplate', parts, {
    supportedModes: ['deployment'],
    ...(config === undefined ? {} : { configSchema: schemaOf(config) }),
    execution: { security: SECURITY },
  });
}

function template(kind: string, { name, image, description }: Parts, spec: JsonObject): JsonObject {
  const { version, secrets } = description;
  return {
    apiVersion: 'catalog.bubustack.io/v1alpha1',
    kind,
    metadata: { name },
    spec: {
      version,
      image,
      ...(description.description === undefined ? {} : { description: description.description }),
      ...(secrets.length === 0 ? {} : { secretSchema: secretSchema(name, secrets) }),
      ...spec,
    },
  };
}

/** One Secret that holds every key the component reads. Source: bobrapet-batch section 5.1. */
function secretSchema(name: string, secrets: readonly string[]): JsonObject {
  return { [name]: { required: true, mountType: 'file', expectedKeys: [...secrets] } };
}

/** Schemas of the operator have no dialect of their own. */
function schemaOf({ $schema: _, ...schema }: JsonObject): JsonObject {
  return schema;
}

function engram({ name, namespace, description }: Parts): JsonObject {
  return {
    apiVersion: 'bubustack.io/v1alpha1',
    kind: 'Engram',
    metadata: { name, namespace },
    spec: { templateRef: { name }, mode: 'job', ...secretsOf(name, description) },
  };
}

function impulse({ name, namespace, description }: Parts): JsonObject {
  return {
    apiVersion: 'bubustack.io/v1alpha1',
    kind: 'Impulse',
    metadata: { name, namespace },
    spec: {
      templateRef: { name },
      storyRef: { name: storyName(name) },
      ...secretsOf(name, description),
    },
  };
}

function secretsOf(name: string, { secrets }: ComponentDescription): JsonObject {
  return secrets.length === 0 ? {} : { secrets: { [name]: name } };
}

function batchStory({ name, namespace, description }: Parts): JsonObject {
  const required = description.inputs?.required;
  const names = Array.isArray(required) ? required.filter((one) => typeof one === 'string') : [];
  const passed = Object.fromEntries(
    names.map((one: string): [string, string] => [
      one,
      `{{ index inputs ${JSON.stringify(one)} }}`,
    ]),
  );
  return story(name, namespace, {
    steps: [{ name, ref: { name }, ...(names.length === 0 ? {} : { with: passed }) }],
  });
}

function impulseStory({ name, namespace }: Parts): JsonObject {
  return story(name, namespace, {
    steps: [{ name: 'wait-a-moment', type: 'sleep', with: { duration: '1s' } }],
  });
}

function story(name: string, namespace: string, spec: JsonObject): JsonObject {
  return {
    apiVersion: 'bubustack.io/v1alpha1',
    kind: 'Story',
    metadata: { name: storyName(name), namespace },
    spec,
  };
}

function storyName(name: string): string {
  return labelSafeValue(`${name}-story`);
}
