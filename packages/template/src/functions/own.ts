import { createHash } from 'node:crypto';
import { FunctionError, FunctionOffloadedError } from '../errors.js';
import { byteLength, toBytes } from '../go/bytes.js';
import { GoInt, isList, isMap, itemsOf, StringTable, typeName } from '../go/values.js';
import { storageReference } from '../storage-reference.js';
import { type FunctionTable, fn } from './signature.js';

function refuseOffloaded(value: unknown, operation: string): void {
  const reference = storageReference(value);
  if (reference === undefined) return;
  throw new FunctionOffloadedError(
    `${operation} requires hydrated data for ${reference.ref}${dotted(reference.path)}`,
  );
}

function dotted(path: string): string {
  if (path.trim() === '') return '';
  return path.startsWith('.') || path.startsWith('[') ? path : `.${path}`;
}

function lengthOf(value: unknown): number {
  if (value === null) return 0;
  if (typeof value === 'string') return byteLength(value);
  if (isList(value)) return itemsOf(value).length;
  if (value instanceof StringTable) return value.entries.size;
  refuseOffloaded(value, 'len');
  if (isMap(value)) return Object.keys(value).length;
  throw new FunctionError(`len: unsupported argument type ${typeName(value)}`);
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  const reference = storageReference(value);
  if (reference !== undefined) return `offloaded(${reference.ref}${dotted(reference.path)})`;
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (isList(value)) return 'array';
  const name = typeName(value);
  return name === 'float64' || name.startsWith('int') || name.startsWith('uint')
    ? 'number'
    : 'object';
}

/** The dialect's own functions. Source: template section 6, bobrapet-batch section 2.4. */
export const OWN: FunctionTable = {
  len: fn('any', ([value]) => GoInt.of(lengthOf(value))),
  hash_of: fn('any', ([value]) => {
    if (value === null) throw new FunctionError('hash_of: value is null');
    refuseOffloaded(value, 'hash_of');
    if (typeof value !== 'string')
      throw new FunctionError(`hash_of: unsupported argument type ${typeName(value)}`);
    return createHash('sha256').update(toBytes(value)).digest('hex');
  }),
  type_of: fn('any', ([value]) => typeOf(value)),
  exists: fn('any', ([value]) => value !== null),
  sample: fn('any', ([value]) => {
    refuseOffloaded(value, 'sample');
    return value;
  }),
};
