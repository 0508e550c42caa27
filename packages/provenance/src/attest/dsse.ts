import { verify } from 'node:crypto';
import { InvalidInputError, type JsonValue, parseJson } from '@engramkit/core';
import { isObject, type LedgerSigner } from '../ledger/seal.js';
import { keyIdOf } from '../ledger/signing-key.js';
import { publicKeyOf, type TrustedKey } from '../ledger/trust.js';

/** A Dead Simple Signing Envelope. Source: provenance section 9; DSSE 1.0.2. */
export interface DsseEnvelope {
  readonly payloadType: string;
  /** Base64. */
  readonly payload: string;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
}

/** What the signatures of an envelope cover: `DSSEv1 <length> <type> <length> <payload>`, lengths in bytes. */
function preAuthenticationEncoding(payloadType: string, payload: string): string {
  const length = (text: string): number => Buffer.byteLength(text);
  return `DSSEv1 ${length(payloadType)} ${payloadType} ${length(payload)} ${payload}`;
}

/** Signs a text of the given type, once per signer. */
export function signEnvelope(
  payloadType: string,
  payload: string,
  signers: readonly LedgerSigner[],
): DsseEnvelope {
  const text = preAuthenticationEncoding(payloadType, payload);
  return {
    payloadType,
    payload: Buffer.from(payload).toString('base64'),
    signatures: signers.map((signer) => ({
      keyid: signer.keyId,
      sig: Buffer.from(signer.sign(text)).toString('base64'),
    })),
  };
}

/**
 * The payload of an envelope, once at least one trusted key signed it; `ENVELOPE_UNTRUSTED` otherwise.
 *
 * Validity intervals of keys are not looked at: an envelope carries no time that could be trusted.
 */
export function openEnvelope(
  envelope: DsseEnvelope,
  trustedKeys: readonly TrustedKey[],
): { readonly payload: string; readonly keyIds: readonly string[] } {
  const payload = Buffer.from(envelope.payload, 'base64').toString('utf8');
  const text = Buffer.from(preAuthenticationEncoding(envelope.payloadType, payload));
  const keys = trustedKeys.map(({ publicKey }) => publicKeyOf(publicKey));
  const keyIds: string[] = [];
  for (const { sig } of envelope.signatures) {
    // The key id is only a hint: what counts is which trusted key fits.
    const fitting = keys.find((key) => verify(null, text, key, Buffer.from(sig, 'base64')));
    if (fitting !== undefined && !keyIds.includes(keyIdOf(fitting))) keyIds.push(keyIdOf(fitting));
  }
  if (keyIds.length > 0) return { payload, keyIds };
  throw new InvalidInputError('no trusted key signed the envelope', {
    code: 'ENVELOPE_UNTRUSTED',
    hint: 'Give the public key of whoever made it, or do not rely on it.',
  });
}

/** Reads an envelope from JSON; `ENVELOPE_INVALID` says what is wrong. */
export function parseEnvelope(text: string): DsseEnvelope {
  const value = parseJson(text, { what: 'the envelope' });
  const { payloadType, payload, signatures } = isObject(value) ? value : {};
  if (
    typeof payloadType !== 'string' ||
    typeof payload !== 'string' ||
    !Array.isArray(signatures)
  ) {
    throw new InvalidInputError('the envelope lacks payloadType, payload or signatures', {
      code: 'ENVELOPE_INVALID',
      hint: 'Pass the JSON text of a DSSE envelope.',
    });
  }
  return {
    payloadType,
    payload,
    signatures: (signatures as readonly JsonValue[]).map((item) => {
      const { keyid, sig } = isObject(item) ? item : {};
      return {
        keyid: typeof keyid === 'string' ? keyid : '',
        sig: typeof sig === 'string' ? sig : '',
      };
    }),
  };
}
