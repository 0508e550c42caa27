import { readFile } from 'node:fs/promises';
import { type Clock, trimSpace } from '@engramkit/core';
import type { CredentialSource } from './connection.js';
import { KubernetesError } from './kubernetes-error.js';

/** Tokens rotate; a file is read again after this time. Source: bobrapet-batch section 1.6. */
const LIFETIME_MS = 60_000;

/** Bearer tokens out of a file that is renewed from outside. */
export function tokenFileCredential(path: string, clock: Clock): CredentialSource {
  let token: { readonly text: string; readonly readAt: number } | undefined;
  return {
    async current({ fresh, signal }) {
      const now = clock.monotonic();
      if (token === undefined || fresh || now - token.readAt >= LIFETIME_MS) {
        try {
          const text = trimSpace(await readFile(path, { encoding: 'utf8', signal }));
          if (text === '') throw new Error('the file is empty');
          token = { text, readAt: now };
        } catch (error) {
          signal?.throwIfAborted();
          // An older token may still be good, unless it was just refused.
          if (token === undefined || fresh) {
            throw new KubernetesError(`cannot read the token of the service account: ${path}`, {
              status: 0,
              reason: 'InvalidCredential',
              hint: 'Mount a service account token into the pod.',
              cause: error,
            });
          }
        }
      }
      return { authorization: `Bearer ${token.text}` };
    },
  };
}
