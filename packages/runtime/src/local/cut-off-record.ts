import type { LocalRunRecord } from './run-record.js';

/** The record of a run that was ended from outside because it blocked the event loop past its deadline. */
export function cutOffRecord(
  begun: LocalRunRecord,
  endAtMs: number,
  message: string,
): LocalRunRecord {
  return {
    ...begun,
    status: 'timed-out',
    exitCode: 124,
    endedAt: new Date(endAtMs).toISOString(),
    failure: {
      stage: 'process',
      structured: {
        version: 'v1',
        type: 'timeout',
        message,
        retryable: true,
        exitCode: 124,
        exitClass: 'retry',
      },
      error: { name: 'DeadlineError', code: 'DEADLINE_EXCEEDED', message, retry: 'safe' },
    },
  };
}
