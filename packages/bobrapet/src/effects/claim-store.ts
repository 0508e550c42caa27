import { type Clock, EngramkitError, type JsonObject, type Random } from '@engramkit/core';
import type { Logger } from '@engramkit/engram';
import {
  effectClaimName,
  type IdempotencyRecord,
  type IdempotencyStore,
  type StoredRecord,
} from '@engramkit/ids';
import type { KubernetesClient, KubernetesObject } from '../kubernetes/kubernetes-client.js';
import { isConflict, isNotFound } from '../kubernetes/kubernetes-error.js';
import { objectAt, textAt } from '../status/json-object.js';
import { recordsOf } from '../status/merge-status.js';
import type { StatusWriter } from '../status/status-writer.js';
import { STEP_RUNS } from '../status/step-run-resource.js';
import { parseWireTimeMs } from '../status/wire-time.js';
import {
  type ClaimIdentity,
  claimSpec,
  EFFECT_CLAIMS,
  type EffectStep,
  newClaim,
  recordOfClaim,
  resultJsonOf,
} from './effect-claim.js';
import { ledgerEntry } from './effect-ledger.js';
import { wireEffectKey } from './wire-effect-key.js';

/** Options of {@link effectClaimStore}. */
export interface EffectClaimStoreOptions {
  readonly client: KubernetesClient;
  readonly step: EffectStep;
  /** Writes the ledger in the status of the StepRun. */
  readonly writer: StatusWriter;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  /** The most bytes that the details of a ledger entry may take; default 8,192. Source: bobrapet-batch section 7.1. */
  readonly maxDetailsBytes?: number | undefined;
}

/** How long one call may take, in milliseconds. Source: bobrapet-batch section 7.5. */
const CALL_MS = 3_000;
/** What the API server takes for certain: etcd ends at 1.5 MiB for the whole object. */
const LARGEST_RESULT_BYTES = 1_000_000;
/** How many claims are remembered between reading and writing them. */
const REMEMBERED = 256;
const LEDGER = 'ledger';

/**
 * Keeps the records of `once` in EffectClaim objects, and completed effects in the ledger of the StepRun as well.
 *
 * Every write is a conditional PUT on the version that was read, in the form that the admission webhook takes; other writers
 * of claims see a holder, its lease and the completion. An effect that only the ledger knows counts as completed.
 * Source: bobrapet-batch sections 7.1 to 7.4.
 */
export function effectClaimStore(options: EffectClaimStoreOptions): IdempotencyStore {
  return new ClaimStore(options);
}

class ClaimStore implements IdempotencyStore {
  readonly #options: EffectClaimStoreOptions;
  readonly #read = new Map<string, KubernetesObject>();
  #identity: ClaimIdentity | undefined;

  constructor(options: EffectClaimStoreOptions) {
    this.#options = options;
  }

  async get(key: string): Promise<StoredRecord | undefined> {
    const claim = await this.#fetch(key);
    if (claim === undefined) return await this.#fromLedger(key);
    return {
      record: recordOfClaim(this.#options.step, wireEffectKey(key), claim),
      revision: claim.metadata.resourceVersion ?? '',
    };
  }

  async put(
    key: string,
    record: IdempotencyRecord,
    expected: string | number | undefined,
  ): Promise<string | number | undefined> {
    checkSize(key, record);
    const isNew = expected === undefined || String(expected).startsWith(LEDGER);
    let written: KubernetesObject | undefined;
    try {
      written = isNew
        ? await this.#create(key, record)
        : await this.#replace(key, record, String(expected));
    } catch (error) {
      // What happened must not happen again, also when the claim refuses to say so.
      if (record.status === 'completed') await this.#enter(key, record);
      throw error;
    }
    if (written === undefined) return undefined;
    if (record.status === 'completed') await this.#enter(key, record);
    return written.metadata.resourceVersion;
  }

  async #create(key: string, record: IdempotencyRecord): Promise<KubernetesObject | undefined> {
    const { client, step, random } = this.#options;
    const wireKey = wireEffectKey(key);
    this.#identity ??= identityOf(await this.#stepRun());
    const spec = claimSpec(step, wireKey, record, {}, random.uuid());
    const claim = newClaim(step, wireKey, this.#identity, spec);
    try {
      const scope = { ...EFFECT_CLAIMS, namespace: step.namespace };
      return this.#remember(key, await client.create(scope, claim, { timeoutMs: CALL_MS }));
    } catch (error) {
      if (isConflict(error)) return undefined;
      throw error;
    }
  }

  async #replace(
    key: string,
    record: IdempotencyRecord,
    expected: string,
  ): Promise<KubernetesObject | undefined> {
    const { client, step, random } = this.#options;
    let base = this.#read.get(key);
    if (base?.metadata.resourceVersion !== expected) base = await this.#fetch(key);
    if (base?.metadata.resourceVersion !== expected) return undefined;
    const before = objectAt(base, 'spec');
    const spec = claimSpec(step, wireEffectKey(key), record, before, random.uuid());
    try {
      const written = await client.update(
        this.#address(key),
        { ...base, spec },
        { timeoutMs: CALL_MS },
      );
      return this.#remember(key, written);
    } catch (error) {
      this.#read.delete(key);
      // A claim goes with its StepRun; then there is nothing left to own.
      if (isConflict(error) || isNotFound(error)) return undefined;
      throw error;
    }
  }

  async #fetch(key: string): Promise<KubernetesObject | undefined> {
    try {
      const claim = await this.#options.client.get(this.#address(key), { timeoutMs: CALL_MS });
      return this.#remember(key, claim);
    } catch (error) {
      this.#read.delete(key);
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** An effect that was recorded without a claim. */
  async #fromLedger(key: string): Promise<StoredRecord | undefined> {
    const stepRun = await this.#stepRun();
    this.#identity ??= identityOf(stepRun);
    const wireKey = wireEffectKey(key);
    const entry = recordsOf(objectAt(stepRun, 'status').effects).find(
      (effect) => textAt(effect, 'key').trim() === wireKey,
    );
    if (entry === undefined) return undefined;
    const atMs = parseWireTimeMs(textAt(entry, 'emittedAt')) ?? 0;
    return {
      revision: `${LEDGER}:${String(entry.seq)}`,
      record: {
        status: 'completed',
        owner: '',
        fencingToken: 0,
        leaseUntilMs: atMs,
        leaseMs: 0,
        updatedAtMs: atMs,
        ...resultJsonOf(entry.details),
      },
    };
  }

  /** The claim decides; a ledger that cannot be written is worth a warning. */
  async #enter(key: string, record: IdempotencyRecord): Promise<void> {
    const { writer, logger, maxDetailsBytes } = this.#options;
    try {
      const entry = ledgerEntry(wireEffectKey(key), record, maxDetailsBytes);
      await writer.update({ effects: [entry] }, { budgetMs: CALL_MS });
    } catch (error) {
      logger.warn('the effect happened, but the ledger of the step could not be written', {
        key,
        error: EngramkitError.from(error).message,
      });
    }
  }

  #stepRun(): Promise<KubernetesObject> {
    const { client, step } = this.#options;
    const address = { ...STEP_RUNS, namespace: step.namespace, name: step.stepRunName };
    return client.get(address, { timeoutMs: CALL_MS });
  }

  #address(key: string) {
    const { step } = this.#options;
    const name = effectClaimName({ ...step, effectKey: wireEffectKey(key) });
    return { ...EFFECT_CLAIMS, namespace: step.namespace, name };
  }

  #remember(key: string, claim: KubernetesObject): KubernetesObject {
    this.#read.delete(key);
    this.#read.set(key, claim);
    const [oldest] = this.#read.keys();
    if (this.#read.size > REMEMBERED && oldest !== undefined) this.#read.delete(oldest);
    return claim;
  }
}

function identityOf(stepRun: JsonObject): ClaimIdentity {
  return {
    uid: textAt(objectAt(stepRun, 'metadata'), 'uid'),
    idempotencyKey: textAt(objectAt(stepRun, 'spec'), 'idempotencyKey').trim(),
  };
}

function checkSize(key: string, { resultJson = '' }: IdempotencyRecord): void {
  const bytes = Buffer.byteLength(resultJson);
  if (bytes <= LARGEST_RESULT_BYTES) return;
  throw new EngramkitError(
    `the result of the effect ${JSON.stringify(key)} has ${bytes} bytes; a claim keeps ${LARGEST_RESULT_BYTES}`,
    {
      code: 'EFFECT_RESULT_TOO_LARGE',
      details: { key, bytes, limit: LARGEST_RESULT_BYTES },
      hint: 'Return an identifier of the result from the effect, and keep the result itself elsewhere.',
    },
  );
}
