import { InvalidInputError, type JsonObject } from '@engramkit/core';
import type { FunctionAttributes } from './function-attributes.js';
import { checkManifest } from './manifest-check.js';
import type { KnativeManifestOptions } from './manifest-options.js';

/** A Knative Service, as JSON. */
export interface KnativeService extends JsonObject {
  readonly apiVersion: 'serving.knative.dev/v1';
  readonly kind: 'Service';
  readonly metadata: JsonObject;
  readonly spec: JsonObject;
}

/** Names of the scale annotations. Source: function-descriptor section 5. */
const SCALE_NAMES = {
  camel: ['autoscaling.knative.dev/minScale', 'autoscaling.knative.dev/maxScale'],
  kebab: ['autoscaling.knative.dev/min-scale', 'autoscaling.knative.dev/max-scale'],
} as const;

/**
 * The Knative Service of a function.
 *
 * Without options it has exactly the members that the contract lists, in their order; every option adds what it says. Throws
 * `MANIFEST_INVALID` for what a cluster would refuse: names, label values, images. Source: function-descriptor section 5.
 */
export function knativeManifest(
  attributes: FunctionAttributes,
  image: string,
  namespace = 'default',
  options: KnativeManifestOptions = {},
): KnativeService {
  checkManifest(attributes, image, namespace, options);
  const { function_id: id, capability_mask } = attributes;
  const mask = String(capability_mask);
  const [leastName, mostName] = SCALE_NAMES[options.scaleAnnotations ?? 'camel'];
  return {
    apiVersion: 'serving.knative.dev/v1',
    kind: 'Service',
    metadata: {
      name: id,
      namespace,
      labels: {
        'gcap.dev/function-id': id,
        'gcap.dev/capability-mask': mask,
        ...(options.versionLabel === true
          ? { 'app.kubernetes.io/version': versionLabel(attributes.version) }
          : {}),
        ...options.labels,
      },
      annotations: {
        'gcap.dev/corpus-entry-cid': attributes.corpus_entry_cid,
        'gcap.dev/gsap-required': String(attributes.gsap_required),
        ...options.annotations,
      },
    },
    spec: {
      template: {
        metadata: {
          annotations: {
            [leastName]: String(options.minScale ?? 0),
            [mostName]: String(options.maxScale ?? 10),
          },
        },
        spec: {
          ...(options.serviceAccountName === undefined
            ? {}
            : { serviceAccountName: options.serviceAccountName }),
          ...(options.containerConcurrency === undefined
            ? {}
            : { containerConcurrency: options.containerConcurrency }),
          timeoutSeconds: attributes.max_duration_seconds,
          containers: [container(id, mask, image, options)],
        },
      },
    },
  };
}

function container(
  id: string,
  mask: string,
  image: string,
  options: KnativeManifestOptions,
): JsonObject {
  const { env = {}, secretEnv = {}, resources, probes, hardened, port } = options;
  return {
    image,
    env: [
      { name: 'GCAP_FUNCTION_ID', value: id },
      { name: 'GCAP_CAPABILITY_MASK', value: mask },
      ...Object.entries(env).map(([name, value]) => ({ name, value })),
      ...Object.entries(secretEnv).map(([name, { secret, key }]) => ({
        name,
        valueFrom: { secretKeyRef: { name: secret, key } },
      })),
    ],
    ...(port === undefined ? {} : { ports: [{ containerPort: port }] }),
    ...(resources === undefined ? {} : { resources: resourceJson(resources) }),
    ...(probes === true
      ? {
          readinessProbe: { httpGet: { path: '/readyz' } },
          livenessProbe: { httpGet: { path: '/livez' } },
        }
      : {}),
    ...(hardened === true
      ? {
          securityContext: {
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            runAsNonRoot: true,
            capabilities: { drop: ['ALL'] },
            seccompProfile: { type: 'RuntimeDefault' },
          },
        }
      : {}),
  };
}

function resourceJson(resources: NonNullable<KnativeManifestOptions['resources']>): JsonObject {
  return {
    ...(resources.requests === undefined ? {} : { requests: { ...resources.requests } }),
    ...(resources.limits === undefined ? {} : { limits: { ...resources.limits } }),
  };
}

/** Build metadata stands after a plus sign, which label values cannot have. */
function versionLabel(version: string): string {
  return version.replace('+', '_');
}

/** Options of {@link knativeTriggers}. */
export interface KnativeTriggersOptions {
  /** The broker that the triggers listen to; default `default`. */
  readonly broker?: string;
}

/**
 * One Knative Eventing Trigger per kind of event that calls the function, in their order.
 *
 * Names are the function id and the number of the event, from 1. Source: function-descriptor section 5.
 */
export function knativeTriggers(
  attributes: FunctionAttributes,
  namespace = 'default',
  options: KnativeTriggersOptions = {},
): readonly JsonObject[] {
  const { function_id: id, trigger_events: events } = attributes;
  const longest = id.length + String(events.length).length + 1;
  if (longest > 63) {
    throw new InvalidInputError(`the names of the triggers of ${id} would be too long`, {
      code: 'MANIFEST_INVALID',
      hint: 'Shorten function_id so that a dash and a number fit into 63 characters.',
    });
  }
  return events.map((kind, index) => ({
    apiVersion: 'eventing.knative.dev/v1',
    kind: 'Trigger',
    metadata: { name: `${id}-${index + 1}`, namespace, labels: { 'gcap.dev/function-id': id } },
    spec: {
      broker: options.broker ?? 'default',
      filter: { attributes: { type: kind } },
      subscriber: {
        ref: { apiVersion: 'serving.knative.dev/v1', kind: 'Service', name: id },
        uri: '/functions/dispatch',
      },
    },
  }));
}
