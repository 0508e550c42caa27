import { ArcpError, type IdentifierSource } from '@engramkit/arcp';
import type { JsonObject, JsonValue } from '@engramkit/core';
import type { AgentContext } from './agent-definition.js';
import { guardedFetch } from './guarded-fetch.js';
import { guardedFiles } from './guarded-fs.js';
import type { Job } from './job.js';
import { ResultWriter } from './result-writer.js';
import type { Submissions } from './submissions.js';
import { translateUpstreamError } from './upstream-error.js';

/** Results above this are refused inline; they are to be streamed. Source: arcp section 2.3, `result_chunk`. */
const LARGEST_INLINE_RESULT = 512 * 1024;

/** Runs the agent of a job; whatever it does, the job ends exactly once. */
export function runAgent(job: Job, submissions: Submissions, identifiers: IdentifierSource): void {
  const run = new AgentRun(job, submissions, identifiers);
  // After the acceptance and the first status have been queued, in a later microtask.
  Promise.resolve()
    .then(() => job.facts.definition.handler(job.facts.input, run.context))
    .then((value) => run.finish(value))
    .catch((thrown: unknown) => job.fail(thrown));
}

class AgentRun {
  readonly context: AgentContext;
  readonly #job: Job;
  readonly #identifiers: IdentifierSource;
  #writer: ResultWriter | undefined;

  constructor(job: Job, submissions: Submissions, identifiers: IdentifierSource) {
    this.#job = job;
    this.#identifiers = identifiers;
    const { facts } = job;
    const authorize: AgentContext['authorize'] = (capability, target, callId) =>
      this.#authorize(capability, target, callId);
    const toolResult: AgentContext['toolResult'] = (callId, outcome) =>
      job.emit('tool_result', resultBody(callId, outcome));
    const toolCall: AgentContext['toolCall'] = async (tool, args = null) => {
      const callId = identifiers.next('call_');
      authorize('tool.call', tool, callId);
      await job.emit('tool_call', { tool, args, call_id: callId });
      return callId;
    };
    this.context = {
      jobId: job.id,
      agent: facts.agent,
      principal: facts.principal,
      traceId: facts.traceId,
      lease: facts.lease,
      budget: facts.budget,
      credentials: facts.credentials,
      signal: job.abort.signal,
      emit: (kind, body) => job.emit(kind, body),
      log: (level, message, attributes) =>
        job.emit('log', { level, message, ...(attributes === undefined ? {} : { attributes }) }),
      thought: (text) => job.emit('thought', { text }),
      status: (phase, message) =>
        job.emit('status', { phase, ...(message === undefined ? {} : { message }) }),
      progress: (current, options = {}) => job.emit('progress', { current, ...options }),
      metric: (name, value, options = {}) =>
        job.emit('metric', { name, value, ...(options as JsonObject) }),
      artifact: (uri, contentType, { byteSize, sha256 } = {}) =>
        job.emit('artifact_ref', {
          uri,
          content_type: contentType,
          ...(byteSize === undefined ? {} : { byte_size: byteSize }),
          ...(sha256 === undefined ? {} : { sha256 }),
        }),
      authorize,
      toolCall,
      toolResult,
      tool: async (tool, args, work) => {
        const callId = await toolCall(tool, args);
        try {
          const result = await work(job.abort.signal);
          await toolResult(callId, result === undefined ? {} : { result });
          return result;
        } catch (error) {
          await toolResult(callId, { error });
          throw error;
        }
      },
      fetch: guardedFetch((address) => authorize('net.fetch', address), job.abort.signal),
      fs: guardedFiles((capability, path) => authorize(capability, path), job.abort.signal),
      model: async (name, call) => {
        authorize('model.use', name);
        try {
          return await call(job.abort.signal);
        } catch (error) {
          throw translateUpstreamError(error, name);
        }
      },
      delegate: (agent, input, options = {}) => submissions.delegate(job, agent, input, options),
      streamResult: () => {
        this.#writer ??= new ResultWriter(identifiers.next('res_'), {
          emit: (body) => job.emit('result_chunk', body),
          // Somebody who listens cannot take chunks: the whole is kept as long as it fits a frame.
          keepBytes: job.audience.someoneLacks('result_chunk') ? LARGEST_INLINE_RESULT : 0,
        });
        return this.#writer;
      },
    };
  }

  /** Source: arcp sections 3.4 (J-20) and 4.4 (V-20, V-26). */
  async finish(value: unknown): Promise<void> {
    const job = this.#job;
    const writer = this.#writer;
    if (writer !== undefined) {
      await writer.end();
      const { resultId, size, summary } = writer.announcement();
      job.succeed(
        undefined,
        {
          result_id: resultId,
          result_size: size,
          ...(summary === undefined ? {} : { summary }),
        },
        writer.inline(),
      );
      return;
    }
    if (value === undefined) {
      job.succeed(undefined);
      return;
    }
    let text: string | undefined;
    try {
      text = JSON.stringify(value);
    } catch (cause) {
      throw new ArcpError('INTERNAL_ERROR', 'the result of the agent is not JSON', {
        cause,
        details: { reason: 'result_not_json' },
      });
    }
    if (text !== undefined && text.length > LARGEST_INLINE_RESULT) {
      throw new ArcpError(
        'INTERNAL_ERROR',
        `a result of ${text.length} characters is too large to be sent inline`,
        {
          details: { reason: 'result_too_large', limit: LARGEST_INLINE_RESULT },
          hint: 'Use context.streamResult().',
        },
      );
    }
    job.succeed(text === undefined ? undefined : (value as JsonValue));
  }

  #authorize(
    capability: string,
    target: string,
    callId: string = this.#identifiers.next('call_'),
  ): void {
    const job = this.#job;
    try {
      job.guard.check(capability, target);
    } catch (error) {
      const refusal = error instanceof ArcpError ? error : ArcpError.from(error);
      job.emitNow('tool_result', resultBody(callId, { error: refusal }));
      // An expired lease ends the job; the agent is told by the throw. Source: arcp section 5.6, L-32.
      if (refusal.code === 'LEASE_EXPIRED' && refusal instanceof ArcpError)
        job.interrupt(refusal, 0);
      throw refusal;
    }
  }
}

function resultBody(
  callId: string,
  outcome: { readonly result?: JsonValue; readonly error?: unknown },
): JsonObject {
  if (outcome.error === undefined) {
    return { call_id: callId, ...(outcome.result === undefined ? {} : { result: outcome.result }) };
  }
  const error =
    outcome.error instanceof ArcpError
      ? outcome.error
      : new ArcpError('INTERNAL_ERROR', ArcpError.from(outcome.error).message);
  return { call_id: callId, error: { ...error.toPayload() } };
}
