import { ArcpError } from '@engramkit/arcp';

/** The client was closed by its owner. */
export function clientClosed(what: string): ArcpError {
  return new ArcpError('CLIENT_CLOSED', `${what}: the client is closed`, { retryable: false });
}

/** The session could not be recovered; what the job did is unknown. Source: arcp section 2.4, S-29. */
export function sessionLost(jobId: string, cause: unknown): ArcpError {
  return new ArcpError('SESSION_LOST', `job ${jobId} was lost from sight with its session`, {
    retryable: true,
    cause,
    details: { job_id: jobId },
    hint: 'The job may still run. Submit with an idempotency key: then the client finds it again by itself.',
  });
}

/** A peer without the feature was asked for it; nothing was sent. Source: arcp section 2.3, S-10. */
export function featureMissing(feature: string, what: string): ArcpError {
  return new ArcpError(
    'FEATURE_NOT_NEGOTIATED',
    `${what} needs the feature "${feature}", which this session does not have`,
    {
      retryable: false,
      details: { feature },
      hint: 'The runtime does not offer it, or the client was told not to ask for it.',
    },
  );
}

/** Nothing answered in time. */
export function requestTimedOut(what: string, timeoutMs: number): ArcpError {
  return new ArcpError('TIMEOUT', `${what} was not answered within ${timeoutMs} ms`, {
    hint: 'The runtime may have acted on it. Repeat a submit only with the same idempotency key.',
  });
}
