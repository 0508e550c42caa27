import { describeThrown, InvalidInputError } from '@engramkit/core';
import type { Component, ExecutionContext } from '@engramkit/engram';
import { createRedactor, type Redactor, type Secrets, secretValues } from '@engramkit/secrets';
import type { Span } from '@opentelemetry/api';
import { executionContext } from './execution-context.js';
import { exitCodeOf, failureOf } from './failure.js';
import type { HostPorts, Invocation } from './invocation.js';
import type { Outcome, OutcomeStatus, Stage } from './outcome.js';
import { AbandonedError, RunControl } from './run-control.js';
import { decodersOf } from './schema-decoding.js';
import { StageTrack } from './stage-track.js';
import { prefixed, thrownBy } from './thrown.js';
import { SpanStatusCode } from './tracing/span-status.js';

/** The parts of author instances that every kind has. */
export interface Instance {
  init?(config: unknown, secrets: Secrets, context: ExecutionContext): void | Promise<void>;
  close?(): void | Promise<void>;
}

const CLOSE_LIMIT_MS = 5_000;

/** What the lifecycle needs of a component: every member of `Component` fits. */
export interface Runnable<Made extends Instance> {
  readonly kind: Component['kind'];
  readonly spec: Component['spec'];
  create(): Made;
}

/** One run on its way through the lifecycle. */
export class Run {
  readonly control: RunControl;
  readonly track: StageTrack;
  readonly context: ExecutionContext;
  readonly label: 'engram' | 'impulse';
  readonly #component: Pick<Component, 'kind' | 'spec'>;
  readonly #startedAtMs: number;
  readonly #began: number;
  readonly #span: Span | undefined;
  #closeFaults: (() => void) | undefined;
  #instance: Instance | undefined;
  #failure:
    | { readonly stage: Stage; readonly error: unknown; readonly isCancelled: boolean }
    | undefined;
  #timedOut = false;
  #secrets: Secrets | undefined;
  output: Outcome['output'];

  constructor(
    component: Pick<Component, 'kind' | 'spec'>,
    readonly invocation: Invocation,
    readonly ports: HostPorts,
  ) {
    const { clock, spans, tracer } = ports;
    this.#component = component;
    this.label = component.kind === 'impulse' ? 'impulse' : 'engram';
    this.#startedAtMs = clock.now();
    this.#began = clock.monotonic();
    this.control = new RunControl({
      clock,
      timeoutMs: invocation.timeoutMs,
      graceMs: invocation.graceMs,
      signal: invocation.signal,
      abandon: invocation.abandon,
    });
    this.#span =
      spans === undefined
        ? undefined
        : tracer.startSpan(`engramkit.run`, { attributes: this.#attributes() }, spans.parent);
    this.track = new StageTrack(ports, invocation.runId, this.#span);
    this.context = executionContext(invocation, ports, this.control);
  }

  /** Opens the time in which faults of the process belong to this run. */
  openFaultScope(): <Value>(work: () => Value) => Value {
    const scope = this.ports.faults?.open({
      runId: this.invocation.runId,
      onFault: (error) => this.control.fault(error),
    });
    if (scope === undefined) return (work) => work();
    this.#closeFaults = () => scope.close();
    return (work) => scope.within(work);
  }

  /** Config, secrets and `init`: steps 6a to 6d. */
  async prepare<Made extends Instance>(component: Runnable<Made>): Promise<Made> {
    const raw = await this.#document('config', this.invocation.config);
    const decoders = decodersOf(component.spec);
    const config = await this.stage('decode-config', 'failed to unmarshal config: ', () =>
      decoders.config(raw),
    );
    const secrets = await this.stage('expand-secrets', 'failed to expand secrets: ', (signal) =>
      this.ports.secrets.open({ signal }),
    );
    this.#secrets = secrets;
    return this.stage('init', `${this.label} initialization failed: `, async () => {
      const made = this.#guard('Init', () => component.create());
      this.#instance = made;
      await this.author('Init', () => made.init?.(config, secrets, this.context));
      // An init that ate the whole budget failed, however it returned.
      this.control.checkDeadline();
      this.control.throwIfStopped();
      return made;
    });
  }

  /** Inputs: steps 7a to 7e. */
  async inputs(): Promise<unknown> {
    const resolved = await this.#document('inputs', this.invocation.inputs);
    const { guard } = this.ports;
    return this.stage('decode-inputs', '', async (signal) => {
      // What the surrounding system refuses has a text of its own; step 7d comes before 7e.
      if (guard !== undefined) await guard.checkInputs(resolved, { signal });
      try {
        return await decodersOf(this.#component.spec).inputs(resolved);
      } catch (error) {
        throw prefixed('failed to unmarshal inputs into the target type: ', error);
      }
    });
  }

  /** Runs one stage; what it throws gets the prefix of the contract, unless the run had to stop. */
  stage<Value>(
    stage: Stage,
    prefix: string,
    work: (signal: AbortSignal) => Value | PromiseLike<Value>,
  ): Promise<Value> {
    return this.track.run(stage, async () => {
      try {
        this.control.throwIfStopped();
        const started = work(this.control.signal);
        return isPromiseLike(started) ? await this.control.wait(started) : started;
      } catch (error) {
        // Of the component's own work it is worth knowing that it was left behind; of the rest, why it had to stop.
        const isWork = stage === 'process' || stage === 'stream' || stage === 'run';
        const { reason } = this.control;
        const told = error instanceof AbandonedError && !isWork ? (reason ?? error) : error;
        throw prefix === '' ? told : prefixed(prefix, told);
      }
    });
  }

  /** Runs a stage that has to happen even when the run had to stop: only giving up ends it. */
  finish<Value>(stage: Stage, work: () => PromiseLike<Value>): Promise<Value> {
    return this.track.run(stage, () => this.control.waitForEnd(work()));
  }

  /** Aborts when nothing may be waited for any longer. */
  finishSignal(): AbortSignal {
    return this.control.endSignal;
  }

  /** Whether something has failed already. */
  get failed(): boolean {
    return this.#failure !== undefined;
  }

  /** Calls author code; non-errors become panics with the name of the call. */
  async author<Value>(call: string, work: () => Value | PromiseLike<Value>): Promise<Value> {
    try {
      return await work();
    } catch (thrown) {
      throw thrownBy(`${this.label} ${call}`, thrown);
    }
  }

  /** Keeps the first failure, with the stage it happened in. */
  fail(error: unknown): void {
    const isCancelled = this.control.cause === 'cancelled';
    this.#failure ??= { stage: this.track.current, error, isCancelled };
  }

  /** Marks the run as over its limit, whatever else happened. Source: bobrapet-batch section 2.2 step 9. */
  timeOut(): void {
    this.#timedOut = true;
  }

  /** Closes the instance, ends the span and builds the outcome. */
  async end(): Promise<Outcome> {
    const worked = this.track.current;
    if (this.#instance?.close !== undefined) await this.#close(this.#instance);
    // A fault of the code while the run was open counts, also one that came after its work.
    if (this.control.cause === 'fault') {
      this.#failure ??= { stage: worked, error: this.control.reason, isCancelled: false };
    }
    const failedStage = this.#failure?.stage;
    this.#closeFaults?.();
    this.control.release();
    const status = this.#status();
    const { clock } = this.ports;
    const cause = this.#failure?.error ?? this.control.reason;
    const outcome: Outcome = {
      status,
      ...(this.output === undefined ? {} : { output: this.output }),
      ...(status === 'succeeded'
        ? {}
        : {
            failure: failureOf(failedStage ?? this.track.current, cause, status, this.#redactor()),
          }),
      exitCode: exitCodeOf(status),
      stages: this.track.timings,
      startedAtMs: this.#startedAtMs,
      durationMs: clock.monotonic() - this.#began,
    };
    if (status !== 'succeeded') {
      this.#span?.setStatus({ code: SpanStatusCode.error, message: describeThrown(cause) });
    }
    this.#span?.setAttribute('engramkit.run.status', status);
    this.#span?.end();
    return outcome;
  }

  /** Made only for failures: most runs never need it. */
  #redactor(): Redactor {
    return createRedactor(this.#secrets === undefined ? [] : secretValues(this.#secrets));
  }

  #status(): OutcomeStatus {
    if (this.#timedOut) return 'timed-out';
    if (this.#failure === undefined) return 'succeeded';
    return this.#failure.isCancelled ? 'cancelled' : 'failed';
  }

  async #close(instance: Instance): Promise<void> {
    const { clock, logger } = this.ports;
    try {
      await this.track.run('close', async () => {
        const closing = this.author('Close', () => instance.close?.());
        const limit = new Promise<never>((_, reject) => {
          const timer = clock.setTimer(
            () => reject(new Error(`close did not end within ${CLOSE_LIMIT_MS} ms`)),
            CLOSE_LIMIT_MS,
          );
          const cancel = (): void => timer.cancel();
          closing.then(cancel, cancel);
        });
        await Promise.race([closing, limit]);
      });
    } catch (error) {
      // The work is done or has failed already; a close that fails does not change what came of it.
      logger.warn('close failed', { error: describeThrown(error) });
    }
  }

  async #document(which: 'config' | 'inputs', raw: unknown): Promise<unknown> {
    const { payloads, templates } = this.ports;
    const prefix = `failed to hydrate ${which}: `;
    const hydrated = await this.stage(`hydrate-${which}`, prefix, (signal) =>
      payloads === undefined ? raw : payloads.hydrate(raw, { signal }),
    );
    const document = asObject(hydrated, which);
    if (templates === undefined) return document;
    const resolved = await this.stage(
      `resolve-${which}`,
      which === 'config' ? prefix : 'failed to resolve input templates: ',
      (signal) =>
        templates.resolve(
          document,
          {
            inputs: which === 'config' ? {} : document,
            context: this.invocation.templateContext ?? {},
          },
          { signal },
        ),
    );
    return asObject(resolved, which);
  }

  #guard<Value>(call: string, work: () => Value): Value {
    try {
      return work();
    } catch (thrown) {
      throw thrownBy(`${this.label} ${call}`, thrown);
    }
  }

  #attributes(): Record<string, string> {
    const { runId, story } = this.invocation;
    const { kind, spec } = this.#component;
    return {
      'engramkit.run.id': runId,
      'engramkit.component.kind': kind,
      ...(spec.name === undefined ? {} : { 'engramkit.component.name': spec.name }),
      ...(spec.version === undefined ? {} : { 'engramkit.component.version': spec.version }),
      ...(story.storyName === '' ? {} : { 'engramkit.story.name': story.storyName }),
      ...(story.stepName === '' ? {} : { 'engramkit.step.name': story.stepName }),
    };
  }
}

function asObject(value: unknown, which: string): unknown {
  if (value === undefined || value === null) return {};
  if (typeof value === 'object' && !Array.isArray(value)) return value;
  const got = Array.isArray(value) ? 'a list' : `a ${typeof value}`;
  throw new InvalidInputError(`${which} must be an object, got ${got}`, {
    code: `${which.toUpperCase()}_NOT_OBJECT`,
    hint: `Pass a JSON object, for example {"url": "https://example.com"}.`,
  });
}

function isPromiseLike<Value>(value: Value | PromiseLike<Value>): value is PromiseLike<Value> {
  return (
    typeof value === 'object' &&
    value !== null &&
    typeof (value as { readonly then?: unknown }).then === 'function'
  );
}
