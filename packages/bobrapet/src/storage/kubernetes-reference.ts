import { type JsonObject, type JsonValue, parseJson, trimSpace } from '@engramkit/core';
import type { KubernetesClient } from '../kubernetes/kubernetes-client.js';
import { KubernetesError } from '../kubernetes/kubernetes-error.js';
import { StorageError } from './storage-error.js';

/** A value in a ConfigMap or Secret. Source: bobrapet-batch section 4.5. */
export interface KubernetesReference {
  readonly kind: 'ConfigMap' | 'Secret';
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
  readonly format: 'auto' | 'json' | 'raw';
}

const KINDS = { $bubuConfigMapRef: 'ConfigMap', $bubuSecretRef: 'Secret' } as const;

/**
 * The reference that an object is, or `undefined` for ordinary data.
 *
 * A text or object that does not parse, or that names another namespace, is ordinary data too. Source: bobrapet-batch section 4.5.
 */
export function parseKubernetesReference(
  value: JsonObject,
  workloadNamespace: string,
): KubernetesReference | undefined {
  const [key, ...others] = Object.keys(value);
  if (key === undefined || others.length > 0 || !isKind(key)) return undefined;
  const target = value[key];
  const parts =
    typeof target === 'string'
      ? fromText(target)
      : typeof target === 'object' && target !== null && !Array.isArray(target)
        ? fromObject(target as JsonObject)
        : undefined;
  if (parts === undefined || parts.name === '' || parts.key === '') return undefined;
  const namespace = parts.namespace || workloadNamespace;
  if (namespace === '' || namespace !== workloadNamespace) return undefined;
  const format = parts.format.toLowerCase() || 'auto';
  if (format !== 'auto' && format !== 'json' && format !== 'raw') return undefined;
  return { kind: KINDS[key], namespace, name: parts.name, key: parts.key, format };
}

/** Reads references through the API, each object once. */
export function kubernetesReferenceReader(
  client: KubernetesClient,
): (reference: KubernetesReference, signal: AbortSignal) => Promise<JsonValue> {
  return async (reference, signal) => {
    const { kind, namespace, name, key } = reference;
    const where = `${kind} ${namespace}/${name}, key ${key}`;
    const fail = (reason: string, retryable: boolean, cause?: unknown): StorageError =>
      new StorageError(`cannot read ${where}: ${reason}`, {
        code: 'STORAGE_KUBERNETES_REFERENCE',
        retry: retryable ? 'safe' : 'never',
        details: { path: `${kind}/${namespace}/${name}/${key}` },
        hint: `Check the name and that the Engram's overrides.rbac allows get on this ${kind}.`,
        ...(cause === undefined ? {} : { cause }),
      });
    const plural = kind === 'ConfigMap' ? 'configmaps' : 'secrets';
    let object: JsonObject;
    try {
      object = await client.get({ group: '', version: 'v1', plural, namespace, name }, { signal });
    } catch (error) {
      if (!(error instanceof KubernetesError)) throw error;
      throw fail(error.reason, error.retry !== 'never', error);
    }
    const data = object.data;
    const text =
      typeof data === 'object' && data !== null && !Array.isArray(data) && Object.hasOwn(data, key)
        ? (data as JsonObject)[key]
        : undefined;
    if (typeof text !== 'string') throw fail('there is no such key', false);
    const value = kind === 'Secret' ? Buffer.from(text, 'base64').toString('utf8') : text;
    return formatted(value, reference.format, () => fail('it is no JSON', false));
  };
}

function formatted(
  text: string,
  format: KubernetesReference['format'],
  malformed: () => StorageError,
): JsonValue {
  if (format === 'raw') return text;
  const trimmed = trimSpace(text);
  if (format === 'auto' && trimmed === '') return '';
  try {
    return parseJson(trimmed, { hideContent: true, duplicateKeys: 'last' });
  } catch {
    // The cause stays out: it may be a secret.
    if (format === 'json') throw malformed();
    return text;
  }
}

interface Parts {
  readonly namespace: string;
  readonly name: string;
  readonly key: string;
  readonly format: string;
}

function fromText(text: string): Parts | undefined {
  const colon = text.indexOf(':');
  if (colon < 0) return undefined;
  const [first = '', second, ...more] = text.slice(0, colon).split('/');
  if (more.length > 0) return undefined;
  return {
    namespace: second === undefined ? '' : trimSpace(first),
    name: trimSpace(second ?? first),
    key: trimSpace(text.slice(colon + 1)),
    format: '',
  };
}

function fromObject(object: JsonObject): Parts {
  const text = (key: string): string => {
    const value = object[key];
    return typeof value === 'string' ? trimSpace(value) : '';
  };
  return {
    namespace: text('namespace'),
    name: text('name'),
    key: text('key'),
    format: text('format'),
  };
}

function isKind(key: string): key is keyof typeof KINDS {
  return Object.hasOwn(KINDS, key);
}
