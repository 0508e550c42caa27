import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { StorageError } from './storage-error.js';

const LONGEST_PATH = 1_024;

/**
 * Checks the path of a stored object, for reading and for writing, and gives its clean form.
 *
 * Refused: empty, absolute, drive letters, control characters, a `..` segment, more than 1,024 bytes. Source: bobrapet-batch
 * section 4.6.
 */
export function checkObjectPath(path: string): string {
  const refuse = (reason: string): never => {
    throw new StorageError(
      `storage reference ${JSON.stringify(path.slice(0, 200))} cannot be used: ${reason}`,
      {
        code: 'STORAGE_REFERENCE_INVALID',
        details: { path: path.slice(0, 200) },
        hint: 'References are relative paths such as outputs/<namespace>/<step>/body.json.',
      },
    );
  };
  const slashed = path.replaceAll('\\', '/');
  if (path.trim() === '') refuse('it is empty');
  if (slashed.startsWith('/') || /^[A-Za-z]:/.test(path)) refuse('it is absolute');
  if (slashed.split('/').includes('..')) refuse('it leaves its folder with ..');
  if (/\p{Cc}/u.test(path)) refuse('it contains a control character');
  if (Buffer.byteLength(path) > LONGEST_PATH) refuse(`it is longer than ${LONGEST_PATH} bytes`);
  const clean = posix.normalize(path);
  if (clean === '.' || clean.startsWith('..')) refuse('it names no object');
  return clean;
}

/** The longest name of a file on every common file system is 255 bytes; the ending takes five. */
const LONGEST_KEY_PATH = 200;

/**
 * The name of a value's object: its keys and indexes joined by points.
 *
 * Characters of keys that would build folders, leave them or be mistaken for a joint are percent-encoded, so that different
 * places have different names. Long names are cut and end in a hash of the whole. Source: bobrapet-batch section 4.3.
 */
export function keyPath(keys: ReadonlyArray<string | number>): string {
  const path = keys.map((key) => keySegment(String(key))).join('.');
  if (Buffer.byteLength(path) <= LONGEST_KEY_PATH) return path;
  const hash = createHash('sha256').update(path).digest('hex').slice(0, 32);
  // Encoded so that the cut falls between characters.
  return `${Buffer.from(path)
    .subarray(0, LONGEST_KEY_PATH - 40)
    .toString('utf8')
    .replace(/\ufffd+$/, '')}-${hash}`;
}

function keySegment(key: string): string {
  if (key === '') return '%';
  return key.replace(UNSAFE, (character) => {
    const code = character.charCodeAt(0);
    return code < 0x100
      ? `%${code.toString(16).toUpperCase().padStart(2, '0')}`
      : `%u${code.toString(16).toUpperCase()}`;
  });
}

/** Joints, folders, the escape itself, control characters, and halves of surrogate pairs. */
const UNSAFE =
  /[%/\\.\p{Cc}]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/gu;
