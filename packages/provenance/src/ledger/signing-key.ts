import {
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  hash,
  type KeyObject,
  sign,
} from 'node:crypto';
import { InvalidInputError } from '@engramkit/core';
import type { LedgerSigner } from './seal.js';

/** The id of a key: the first 8 bytes of SHA-256 of its SPKI form, in hex. Source: provenance section 8.7. */
export function keyIdOf(publicKey: KeyObject): string {
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return hash('sha256', spki, 'hex').slice(0, 16);
}

/** An Ed25519 key that signs; the private part cannot be printed. */
export interface SigningKey extends LedgerSigner {
  /** SPKI as PEM. */
  readonly publicKey: string;
  /** PKCS #8 as PEM, encrypted when a passphrase is given. */
  exportPrivateKey(passphrase?: string): string;
}

/** Makes a new Ed25519 key. `name` is what signed notes call it, such as a host or a team. */
export function generateSigningKey(name: string): SigningKey {
  return signingKey(checkedName(name), generateKeyPairSync('ed25519').privateKey);
}

/** Reads a private key from PKCS #8 PEM; `KEY_INVALID` says whether the passphrase is missing or the text is wrong. */
export function importSigningKey(
  pem: string,
  options: { readonly name: string; readonly passphrase?: string },
): SigningKey {
  let key: KeyObject;
  try {
    key = createPrivateKey({
      key: pem,
      format: 'pem',
      ...(options.passphrase === undefined ? {} : { passphrase: options.passphrase }),
    });
  } catch {
    // The cause is left out: it may repeat parts of the text.
    throw new InvalidInputError('the signing key cannot be read', {
      code: 'KEY_INVALID',
      hint: pem.includes('ENCRYPTED')
        ? 'Give the passphrase that the key was made with.'
        : 'Pass the PKCS #8 PEM text of an Ed25519 private key.',
    });
  }
  if (key.asymmetricKeyType !== 'ed25519') {
    throw new InvalidInputError(`a key of type ${key.asymmetricKeyType} cannot sign a ledger`, {
      code: 'KEY_INVALID',
      hint: 'Use an Ed25519 key.',
    });
  }
  return signingKey(checkedName(options.name), key);
}

function signingKey(name: string, privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  return {
    keyId: keyIdOf(publicKey),
    name,
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    sign: (text) => sign(null, Buffer.from(text), privateKey),
    exportPrivateKey: (passphrase) =>
      privateKey
        .export({
          type: 'pkcs8',
          format: 'pem',
          ...(passphrase === undefined ? {} : { cipher: 'aes-256-cbc', passphrase }),
        })
        .toString(),
  };
}

/** Names stand in lines of signed notes, so they have no white space and no plus sign. Source: C2SP signed-note. */
function checkedName(name: string): string {
  if (/^[^\s+]{1,100}$/.test(name)) return name;
  throw new InvalidInputError(`${JSON.stringify(name.slice(0, 80))} cannot name a key`, {
    code: 'KEY_INVALID',
    hint: 'Use 1 to 100 characters without blanks and plus signs.',
  });
}
