import type { JsonObject, JsonValue } from '@engramkit/core';
import type { ErrorObject } from '../wire/run-types.js';

/** A call as it comes from the guest. */
export interface GuestCall {
  /** Unique in its run. */
  readonly id: number;
  readonly name: string;
  readonly args: readonly JsonValue[];
  readonly kwargs: JsonObject;
  /** How many bytes the arguments take as JSON. */
  readonly bytes: number;
}

/** What the guest gets for a call. */
export type Settlement =
  | { readonly id: number; readonly value: JsonValue }
  | { readonly id: number; readonly error: ErrorObject };
