import type { StoryInfo } from '@engramkit/engram';

/** The identity of a local run: its effects and idempotency keys stay the same over further tries of the same run id. */
export function storyOf(runId: string, stepName: string): StoryInfo {
  return {
    storyName: '',
    storyRunId: runId,
    stepName,
    stepRunId: `${runId}-${stepName}`,
    stepRunNamespace: '',
  };
}
