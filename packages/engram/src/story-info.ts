/**
 * Which piece of which story a run is for; every member may be empty outside a cluster.
 *
 * Source: bobrapet-batch section 2.1.
 */
export interface StoryInfo {
  readonly storyName: string;
  readonly storyRunId: string;
  readonly stepName: string;
  readonly stepRunId: string;
  readonly stepRunNamespace: string;
}

/** Nobody's run: every member empty. */
export const emptyStoryInfo: StoryInfo = Object.freeze({
  storyName: '',
  storyRunId: '',
  stepName: '',
  stepRunId: '',
  stepRunNamespace: '',
});
