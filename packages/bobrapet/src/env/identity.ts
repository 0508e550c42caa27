import type { EnvironmentReader } from './environment-reader.js';

/** Who the process is. Texts are empty when nothing was given. Source: bobrapet-batch section 1.3. */
export interface Identity {
  readonly storyName: string;
  readonly storyVersion: string;
  /** Name, not UID, of the StoryRun. */
  readonly storyRunName: string;
  /** The step's id in its Story. */
  readonly stepName: string;
  readonly stepRunName: string;
  readonly stepRunNamespace: string;
  readonly engramName: string;
  readonly engramVersion: string;
  /** Lowercase; `batch` when empty or `job`. */
  readonly executionMode: string;
  /** Milliseconds since 1970: when the StepRun became Pending; now, when nothing legible was given. */
  readonly startedAt: number;
  readonly podName: string;
  readonly podNamespace: string;
  readonly serviceAccountName: string;
  readonly impulseName: string;
  readonly impulseNamespace: string;
  readonly targetStoryName: string;
  readonly targetStoryNamespace: string;
  /** Where the API client works: target story, impulse, StepRun, pod; the first that is not empty. */
  readonly clientNamespace: string;
  /** Where ConfigMap and Secret references point: pod, StepRun, target story, impulse; the first that is not empty. */
  readonly referenceNamespace: string;
}

const RFC_3339 =
  /^\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/;

/** Reads who the process is; nothing here can be malformed. */
export function readIdentity(reader: EnvironmentReader, now: number): Identity {
  const stepRunNamespace = reader.raw('BUBU_STEPRUN_NAMESPACE');
  const podNamespace = reader.raw('BUBU_POD_NAMESPACE');
  const impulseNamespace = reader.raw('BUBU_IMPULSE_NAMESPACE');
  const targetNamespace = reader.raw('BUBU_TARGET_STORY_NAMESPACE');
  const mode = reader.trimmed('BUBU_EXECUTION_MODE').toLowerCase();
  return {
    storyName: reader.raw('BUBU_STORY_NAME'),
    storyVersion: reader.trimmed('BUBU_STORY_VERSION'),
    storyRunName: reader.raw('BUBU_STORYRUN_ID'),
    stepName: reader.raw('BUBU_STEP_NAME'),
    stepRunName: reader.raw('BUBU_STEPRUN_NAME'),
    stepRunNamespace,
    engramName: reader.trimmed('BUBU_ENGRAM_NAME'),
    engramVersion: reader.trimmed('BUBU_ENGRAM_VERSION'),
    executionMode: mode === '' || mode === 'job' ? 'batch' : mode,
    startedAt: instantOf(reader.raw('BUBU_STARTED_AT')) ?? now,
    podName: reader.trimmed('BUBU_POD_NAME'),
    podNamespace,
    serviceAccountName: reader.raw('BUBU_SERVICE_ACCOUNT_NAME'),
    impulseName: reader.trimmed('BUBU_IMPULSE_NAME'),
    impulseNamespace: reader.trimmed('BUBU_IMPULSE_NAMESPACE'),
    targetStoryName: reader.trimmed('BUBU_TARGET_STORY_NAME'),
    targetStoryNamespace: reader.trimmed('BUBU_TARGET_STORY_NAMESPACE'),
    clientNamespace: targetNamespace || impulseNamespace || stepRunNamespace || podNamespace,
    referenceNamespace:
      reader.trimmed('BUBU_POD_NAMESPACE') ||
      reader.trimmed('BUBU_STEPRUN_NAMESPACE') ||
      reader.trimmed('BUBU_TARGET_STORY_NAMESPACE') ||
      reader.trimmed('BUBU_IMPULSE_NAMESPACE'),
  };
}

function instantOf(text: string): number | undefined {
  if (!RFC_3339.test(text)) return undefined;
  const instant = Date.parse(text);
  return Number.isNaN(instant) ? undefined : instant;
}
