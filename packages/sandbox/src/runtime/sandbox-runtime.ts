import { digestBytes } from '@engramkit/ids';
import type { LanguageEngine } from '../engine/engine.js';
import { EnginePool } from '../engine/engine-pool.js';
import type { ApprovalDecision } from '../tools/approval.js';
import { CallGate } from '../tools/call-gate.js';
import type { RunRequest, RunResult } from '../wire/run-types.js';
import { SandboxError } from '../wire/sandbox-error.js';
import {
  checkSessionId,
  type Language,
  type SessionLimits,
  type SessionMeta,
} from '../wire/session-types.js';
import { effectiveLimits } from './effective-limits.js';
import { exclusively } from './exclusively.js';
import { resultOfThrown } from './result-of-thrown.js';
import { recordRun } from './run-recorder.js';
import {
  type RuntimeSettings,
  runtimeSettings,
  type SandboxRuntimeOptions,
} from './runtime-options.js';
import { runOnSession } from './session-run.js';
import { metaOf, type Seated, SessionTable } from './session-table.js';
import { SessionVault } from './session-vault.js';
import { snapshotId } from './snapshot-envelope.js';
import { validateProgram } from './validate-program.js';

/**
 * Runs programs that nobody trusts, in sessions that remember, with nothing in reach but the capabilities of its registry.
 *
 * Every answer about a program is a `RunResult`; methods reject only for what the host itself did wrong. Give it back with
 * `close()` or `await using`. Source: sandbox section 5.
 */
export class SandboxRuntime implements AsyncDisposable {
  readonly #settings: RuntimeSettings;
  readonly #engines = new Map<
    Language,
    { readonly engine: LanguageEngine; readonly pool: EnginePool }
  >();
  readonly #sessions: SessionTable;
  readonly #vault: SessionVault;
  readonly #gate: CallGate;
  #closed = false;

  /** Throws `INVALID_ARGUMENT` for two engines of one language. */
  constructor(options: SandboxRuntimeOptions = {}) {
    this.#settings = runtimeSettings(options);
    for (const engine of this.#settings.engines) {
      if (this.#engines.has(engine.language)) {
        throw new SandboxError('INVALID_ARGUMENT', `there are two engines for ${engine.language}`);
      }
      const pool = new EnginePool(engine, this.#settings.workers);
      this.#engines.set(engine.language, { engine, pool });
    }
    this.#sessions = new SessionTable(this.#settings);
    this.#vault = new SessionVault(this.#settings, this.#sessions);
    this.#gate = new CallGate(this.#settings.clock);
  }

  /** What programs may call; additions count from the next run on. */
  get tools(): RuntimeSettings['tools'] {
    return this.#settings.tools;
  }

  /** Starts interpreters ahead of the first run. Rejects with `UNSUPPORTED_FEATURE` when the engine is not installed. */
  async warm(language: Language): Promise<void> {
    await this.#engine(language).pool.warm();
  }

  /** Makes an empty session in the place of any of that id. Rejects with `INVALID_SESSION_ID` or `UNSUPPORTED_FEATURE`. */
  async createSession(
    id: string,
    language: Language,
    limits?: Partial<SessionLimits>,
  ): Promise<SessionMeta> {
    checkSessionId(id);
    this.#engine(language);
    const { limits: defaults } = this.#settings;
    return metaOf(this.#sessions.create(id, language, { ...defaults, ...limits }).state);
  }

  /** Runs a program on its session, which is made if there is none. Source: sandbox section 5.2. */
  async run(
    request: RunRequest,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<RunResult> {
    try {
      checkSessionId(request.session_id);
      const { engine } = this.#engine(request.language);
      if (request.validate_only) {
        const state = this.#sessions.get(request.session_id)?.state;
        const image = state?.language === request.language ? state.image : undefined;
        return await validateProgram(
          request,
          image,
          this.#engine(request.language).pool,
          this.tools,
        );
      }
      this.#checkInputs(request);
      const seated = await this.#vault.seat(request.session_id, engine.language);
      return await this.#exclusive(seated, options.signal, async (cancelled) => {
        const { state } = seated;
        if (state.paused !== undefined) {
          const hint = 'Resume it with a decision, or reset the session.';
          throw new SandboxError('SESSION_BUSY', 'a run of this session waits for approval', {
            hint,
          });
        }
        const limits = effectiveLimits(state.limits, request, this.#settings.allowRaise);
        return this.#perform(seated, cancelled, {
          code: request.code,
          inputs: request.inputs,
          limits,
          returnSnapshot: request.return_snapshot,
          runId: `run_${this.#settings.random.uuid()}`,
        });
      });
    } catch (thrown) {
      return resultOfThrown(thrown);
    }
  }

  /**
   * Decides about a call that waits, and goes on with its run; also in another process with the same store and key.
   *
   * Answers with `APPROVAL_NOT_FOUND` when there is no such call any more. Source: sandbox section 5.5.
   */
  async resume(
    sessionId: string,
    approvalId: string,
    decision: ApprovalDecision,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<RunResult> {
    try {
      const seated = await this.#vault.known(checkSessionId(sessionId));
      return await this.#exclusive(seated, options.signal, async (cancelled) => {
        const run = seated.state.paused;
        const waiting = run?.waiting.find((call) => call.approval_id === approvalId);
        if (run === undefined || waiting === undefined) {
          throw new SandboxError(
            'APPROVAL_NOT_FOUND',
            `no call of this session waits for ${JSON.stringify(approvalId)}`,
            {
              hint: 'It may have been decided already.',
            },
          );
        }
        const idempotent = this.tools.get(waiting.name)?.capability.idempotent ?? false;
        if (waiting.started && !idempotent && this.#settings.effects === undefined) {
          const message = `'${waiting.name}' was approved before, and nobody knows whether it was carried out`;
          throw new SandboxError('INTERRUPTED', message, {
            hint: 'Find out, then reset the session.',
          });
        }
        if (decision.decision === 'approve') await this.#vault.markStarted(seated, approvalId);
        return this.#perform(seated, cancelled, {
          code: run.code,
          inputs: run.inputs,
          limits: run.limits,
          returnSnapshot: run.return_snapshot,
          runId: run.run_id,
          resumed: { run, approvalId, decision },
        });
      });
    } catch (thrown) {
      return resultOfThrown(thrown);
    }
  }

  /** Stops the run of a session; false when none is under way. Source: sandbox section 5.7. */
  cancel(sessionId: string, reason = 'cancelled by the host'): boolean {
    const running = this.#sessions.get(sessionId)?.running;
    running?.abort(new SandboxError('CANCELLED', reason));
    return running !== undefined;
  }

  /** The facts of every session, sorted by id. */
  listSessions(): readonly SessionMeta[] {
    return this.#sessions.list();
  }

  /** Forgets a session, also what the store has of it; false when there was none. */
  async destroySession(id: string): Promise<boolean> {
    this.cancel(checkSessionId(id));
    this.#gate.forget(id);
    const stored = await this.#settings.store.remove(`session/${id}`);
    return this.#sessions.remove(id) || stored;
  }

  /** Empties a session; a run that waits for approval is given up. */
  async resetSession(id: string): Promise<SessionMeta> {
    const { state } = await this.#vault.known(checkSessionId(id));
    await this.destroySession(id);
    return this.createSession(id, state.language, state.limits);
  }

  /** Copies a session under another id, so that both can go on by themselves. */
  async forkSession(id: string, newId: string): Promise<SessionMeta> {
    const bytes = await this.snapshotSession(id);
    await this.restoreSession(bytes, newId);
    const meta = this.#sessions.list().find((one) => one.id === newId);
    if (meta === undefined)
      throw new SandboxError('SESSION_NOT_FOUND', `there is no session '${newId}'`);
    return meta;
  }

  /** The sealed state of a session. Rejects with `SESSION_NOT_FOUND`. */
  async snapshotSession(id: string): Promise<Uint8Array> {
    const seated = await this.#vault.known(checkSessionId(id));
    await seated.tail.catch(() => undefined);
    return this.#vault.seal(seated.state);
  }

  /** A snapshot that a run returned. */
  async readSnapshot(snapshot: string): Promise<Uint8Array> {
    const bytes = await this.#settings.store.get(`snapshot/${snapshot}`);
    if (bytes !== undefined) return bytes;
    throw new SandboxError('SESSION_NOT_FOUND', `there is no snapshot ${JSON.stringify(snapshot)}`);
  }

  /** Takes up a snapshot as a session and returns its id. Rejects with a `SNAPSHOT_…` code. */
  async restoreSession(
    bytes: Uint8Array,
    id?: string,
    options: { readonly ignoreCapabilities?: boolean } = {},
  ): Promise<string> {
    const state = this.#vault.open(bytes, options);
    const named = { ...state, id: checkSessionId(id ?? state.id) };
    this.#sessions.put({ ...named, lastUsedAt: this.#settings.clock.now() });
    return named.id;
  }

  /** Whether a snapshot could be restored here. */
  canRestoreSnapshot(bytes: Uint8Array): boolean {
    try {
      this.#vault.open(bytes);
      return true;
    } catch {
      return false;
    }
  }

  /** Cancels what runs and ends every interpreter. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { id } of this.#sessions.list()) this.cancel(id, 'the sandbox is closed');
    await Promise.all([...this.#engines.values()].map(({ pool }) => pool.close()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  #engine(language: Language): { readonly engine: LanguageEngine; readonly pool: EnginePool } {
    const found = this.#engines.get(language);
    if (found !== undefined) return found;
    throw new SandboxError('UNSUPPORTED_FEATURE', `there is no engine for ${language}`, {
      hint: 'Pass one in the option engines.',
    });
  }

  #checkInputs(request: RunRequest): void {
    const taken = Object.keys(request.inputs).find((name) => this.tools.contains(name));
    if (taken === undefined) return;
    throw new SandboxError('INVALID_ARGUMENT', `the input '${taken}' has the name of a capability`);
  }

  async #perform(
    seated: Seated,
    cancelled: AbortSignal,
    what: Pick<
      Parameters<typeof runOnSession>[0],
      'code' | 'inputs' | 'limits' | 'returnSnapshot' | 'runId' | 'resumed'
    >,
  ): Promise<RunResult> {
    const { state } = seated;
    const { pool } = this.#engine(state.language);
    const startedAt = this.#settings.clock.now();
    const settings = this.#settings;
    let result = await runOnSession({
      ...what,
      state,
      pool,
      gate: this.#gate,
      settings,
      cancelled,
    });
    const key = `session/${state.id}`;
    if (result.status === 'waiting_for_approval' || what.returnSnapshot) {
      const bytes = this.#vault.seal(seated.state);
      const id = snapshotId(bytes);
      await settings.store.put(`snapshot/${id}`, bytes);
      if (result.status === 'waiting_for_approval') await settings.store.put(key, bytes);
      result = { ...result, snapshot_id: id };
    }
    if (what.resumed !== undefined && state.paused === undefined) await settings.store.remove(key);
    const { runId, code } = what;
    const { id: sessionId, language } = state;
    const codeDigest = digestBytes(code);
    return recordRun(settings.recorder, {
      runId,
      sessionId,
      language,
      codeDigest,
      startedAt,
      result,
    });
  }

  #exclusive(
    seated: Seated,
    signal: AbortSignal | undefined,
    act: (cancelled: AbortSignal) => Promise<RunResult>,
  ): Promise<RunResult> {
    if (this.#closed) throw new SandboxError('CANCELLED', 'the sandbox is closed');
    return exclusively(seated, { signal, whenBusy: this.#settings.whenBusy }, act);
  }
}
