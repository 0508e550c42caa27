import type { ResourceType } from '../kubernetes/kubernetes-client.js';

// Source: bobrapet-batch section 0.4.

/** Where StoryTriggers live. */
export const STORY_TRIGGERS: ResourceType = {
  group: 'runs.bubustack.io',
  version: 'v1alpha1',
  plural: 'storytriggers',
};

/** Where StoryRuns live. */
export const STORY_RUNS: ResourceType = {
  group: 'runs.bubustack.io',
  version: 'v1alpha1',
  plural: 'storyruns',
};

/** Where Impulses live. */
export const IMPULSES: ResourceType = {
  group: 'bubustack.io',
  version: 'v1alpha1',
  plural: 'impulses',
};
