import { join } from 'node:path';
import {
  type Clock,
  InvalidInputError,
  type JsonObject,
  type JsonValue,
  parseJson,
  systemClock,
} from '@engramkit/core';
import { type FileSystem, nodeFileSystem, replaceFile } from '../file-system.js';
import { isObject } from './seal.js';
import { generateSigningKey, importSigningKey, type SigningKey } from './signing-key.js';
import type { TrustedKey } from './trust.js';

/** One key of a keyring; the private part is in a file of its own. */
export interface KeyringEntry {
  /** 16 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly algorithm: 'Ed25519';
  /** SPKI as PEM. */
  readonly publicKey: string;
  /** RFC 3339 UTC: seals from then on may use it. */
  readonly validFrom: string;
  /** RFC 3339 UTC: seals from then on may not use it; absent while it is in use. */
  readonly validUntil?: string;
  /** `active` signs; `retired` signed until `validUntil`; `revoked` is trusted for nothing. */
  readonly status: 'active' | 'retired' | 'revoked';
}

/** Where a keyring is, and its clock. */
export interface KeyringPlace {
  /** The folder `keys`; private keys lie in it, readable by the owner only. */
  readonly directory: string;
  readonly files?: FileSystem;
  readonly clock?: Clock;
}

const FILE = 'keyring.json';

/**
 * The keys that sign and verify the ledgers of one store, in `keyring.json`, private keys beside it.
 *
 * The file has `version` 1 and `keys`: id, name, algorithm, public key, validity, status. Source: provenance section 8.7.
 */
export class Keyring {
  readonly #directory: string;
  readonly #files: FileSystem;
  readonly #clock: Clock;
  #keys: readonly KeyringEntry[];

  private constructor(place: KeyringPlace, keys: readonly KeyringEntry[]) {
    this.#directory = place.directory;
    this.#files = place.files ?? nodeFileSystem;
    this.#clock = place.clock ?? systemClock;
    this.#keys = keys;
  }

  /** Reads a keyring; one that does not exist yet has no keys. Rejects with `KEYRING_INVALID`. */
  static async open(place: KeyringPlace): Promise<Keyring> {
    const path = join(place.directory, FILE);
    const content = await (place.files ?? nodeFileSystem).readFile(path);
    return new Keyring(place, content === undefined ? [] : readKeys(content, path));
  }

  /** All keys, oldest first. */
  get keys(): readonly KeyringEntry[] {
    return this.#keys;
  }

  /** The key that signs now, if there is one. */
  get active(): KeyringEntry | undefined {
    return this.#keys.find(({ status }) => status === 'active');
  }

  /** What a verifier trusts: all keys but revoked ones, each for its time. */
  trustedKeys(): readonly TrustedKey[] {
    return this.#keys
      .filter(({ status }) => status !== 'revoked')
      .map(({ publicKey, validFrom, validUntil }) => ({
        publicKey,
        validFrom,
        ...(validUntil === undefined ? {} : { validUntil }),
      }));
  }

  /** Makes the first key; `KEY_EXISTS` when one is active already. */
  async generate(options: {
    readonly name: string;
    readonly passphrase?: string;
  }): Promise<SigningKey> {
    if (this.active !== undefined) {
      throw new InvalidInputError(`key ${this.active.id} is active already`, {
        code: 'KEY_EXISTS',
        hint: 'Rotate to get a new one; seals of the old one stay valid.',
      });
    }
    return this.#add(options, this.#keys);
  }

  /** Makes a new key and retires the active one from now on. */
  async rotate(options: {
    readonly name: string;
    readonly passphrase?: string;
  }): Promise<SigningKey> {
    const validUntil = new Date(this.#clock.now()).toISOString();
    const others = this.#keys.map((key) =>
      key.status === 'active' ? { ...key, status: 'retired' as const, validUntil } : key,
    );
    return this.#add(options, others);
  }

  /** Trusts a key no longer, not even for what it signed before. */
  async revoke(id: string): Promise<void> {
    this.#find(id);
    await this.#save(
      this.#keys.map((key) => (key.id === id ? { ...key, status: 'revoked' as const } : key)),
    );
  }

  /** The active key, or the named one, ready to sign; `KEY_MISSING` when there is none. */
  async signer(
    options: { readonly id?: string; readonly passphrase?: string } = {},
  ): Promise<SigningKey> {
    const entry = options.id === undefined ? this.active : this.#find(options.id);
    if (entry === undefined) {
      throw new InvalidInputError('the keyring has no active key', {
        code: 'KEY_MISSING',
        hint: 'Generate a key first.',
      });
    }
    const path = join(this.#directory, `${entry.id}.pem`);
    const pem = await this.#files.readFile(path);
    if (pem === undefined) {
      throw new InvalidInputError(`the private part of key ${entry.id} is not at ${path}`, {
        code: 'KEY_MISSING',
        hint: 'It may be on another machine; rotate to get a key here.',
      });
    }
    return importSigningKey(Buffer.from(pem).toString('utf8'), {
      name: entry.name,
      ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
    });
  }

  async #add(
    options: { readonly name: string; readonly passphrase?: string },
    others: readonly KeyringEntry[],
  ): Promise<SigningKey> {
    const key = generateSigningKey(options.name);
    await this.#files.makeDirectory(this.#directory);
    const path = join(this.#directory, `${key.keyId}.pem`);
    await this.#files.createFile(path, key.exportPrivateKey(options.passphrase), { secret: true });
    const entry: KeyringEntry = {
      id: key.keyId,
      name: options.name,
      algorithm: 'Ed25519',
      publicKey: key.publicKey,
      validFrom: new Date(this.#clock.now()).toISOString(),
      status: 'active',
    };
    await this.#save([...others, entry]);
    return key;
  }

  async #save(keys: readonly KeyringEntry[]): Promise<void> {
    const document = { version: 1, keys: keys.map(toJson) };
    const text = `${JSON.stringify(document, null, 2)}\n`;
    await replaceFile(this.#files, join(this.#directory, FILE), [text], { sync: true });
    this.#keys = keys;
  }

  #find(id: string): KeyringEntry {
    const entry = this.#keys.find((key) => key.id === id);
    if (entry !== undefined) return entry;
    throw new InvalidInputError(`the keyring has no key ${JSON.stringify(id.slice(0, 40))}`, {
      code: 'KEY_MISSING',
      hint: 'List the keys to see their ids.',
    });
  }
}

function toJson(key: KeyringEntry): JsonObject {
  return {
    id: key.id,
    name: key.name,
    algorithm: key.algorithm,
    public_key: key.publicKey,
    valid_from: key.validFrom,
    valid_until: key.validUntil ?? null,
    status: key.status,
  };
}

function readKeys(content: Uint8Array, path: string): readonly KeyringEntry[] {
  const document = parseJson(content, { what: path });
  const keys = isObject(document) && document.version === 1 ? document.keys : undefined;
  if (!Array.isArray(keys)) throw invalid(path, 'it is no keyring of version 1');
  return (keys as readonly JsonValue[]).map((item, index) =>
    readKey(item, `${path} keys/${index}`),
  );
}

function readKey(item: JsonValue, at: string): KeyringEntry {
  const { id, name, public_key, valid_from, valid_until, status } = isObject(item) ? item : {};
  if (typeof id !== 'string' || !/^[0-9a-f]{16}$/.test(id)) throw invalid(at, 'id is wrong');
  if (
    typeof name !== 'string' ||
    typeof public_key !== 'string' ||
    typeof valid_from !== 'string'
  ) {
    throw invalid(at, 'name, public_key or valid_from is missing');
  }
  if (status !== 'active' && status !== 'retired' && status !== 'revoked') {
    throw invalid(at, 'status is wrong');
  }
  return {
    id,
    name,
    algorithm: 'Ed25519',
    publicKey: public_key,
    validFrom: valid_from,
    ...(typeof valid_until === 'string' ? { validUntil: valid_until } : {}),
    status,
  };
}

function invalid(path: string, why: string): InvalidInputError {
  return new InvalidInputError(`${path}: ${why}`, {
    code: 'KEYRING_INVALID',
    hint: 'Restore the file from a backup; without it, signatures cannot be judged.',
  });
}
