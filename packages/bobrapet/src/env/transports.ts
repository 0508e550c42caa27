import { type JsonObject, type JsonValue, trimSpace } from '@engramkit/core';
import type { EnvironmentReader } from './environment-reader.js';

/** A transport of a streaming step. Source: bobrapet-batch section 1.4. */
export interface TransportDescriptor {
  readonly name: string;
  readonly kind: string;
  readonly mode: 'hot' | 'fallback';
  readonly transportRef: string;
  readonly modeReason: string;
}

const NAME = 'BUBU_TRANSPORTS';

/** Reads the transports; every malformed entry is a problem. */
export function readTransports(reader: EnvironmentReader): readonly TransportDescriptor[] {
  const value = reader.json(NAME);
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) {
    reader.problem(NAME, 'context', 'JSON that is no array', 'a JSON array of transports');
    return [];
  }
  const names = new Set<string>();
  return value.flatMap((entry: JsonValue, index: number) => {
    const refuse = (got: string, expected: string): readonly TransportDescriptor[] => {
      reader.problem(NAME, 'context', `${got} at index ${index}`, expected);
      return [];
    };
    if (!isObject(entry)) return refuse('no object', 'an object with name and kind');
    const name = textOf(entry, 'name');
    const kind = textOf(entry, 'kind');
    const mode = textOf(entry, 'mode') || 'hot';
    if (name === '' || kind === '') return refuse('no name or no kind', 'both, as texts');
    if (mode !== 'hot' && mode !== 'fallback') return refuse('another mode', 'hot or fallback');
    if (names.has(name)) return refuse('a name that occurs before', 'names that are unique');
    names.add(name);
    const typed = entry.typedConfig ?? entry.typed_config;
    const config: JsonObject = isObject(typed) ? typed : {};
    return [
      {
        name,
        kind,
        mode,
        transportRef: textOf(config, 'transportRef') || textOf(config, 'transport_ref'),
        modeReason: textOf(config, 'modeReason') || textOf(config, 'mode_reason'),
      },
    ];
  });
}

function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textOf(object: JsonObject, key: string): string {
  const value = object[key];
  return typeof value === 'string' ? trimSpace(value) : '';
}
