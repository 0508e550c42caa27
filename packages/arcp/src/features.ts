/** The eleven features that a session may negotiate, in our order. Source: arcp section 2.3. */
export const arcpFeatures = [
  'heartbeat',
  'ack',
  'list_jobs',
  'subscribe',
  'lease_expires_at',
  'cost.budget',
  'model.use',
  'provisioned_credentials',
  'progress',
  'result_chunk',
  'agent_versions',
] as const;

/** The name of a negotiable feature. */
export type ArcpFeature = (typeof arcpFeatures)[number];

const KNOWN: ReadonlySet<string> = new Set(arcpFeatures);

/** What both sides offer, in our order; unknown names are left out. Source: arcp section 2.3, S-6. */
export function negotiateFeatures(
  ours: Iterable<ArcpFeature>,
  theirs: Iterable<string>,
): readonly ArcpFeature[] {
  const offered = new Set<string>(ours);
  const wanted = new Set<string>(theirs);
  return arcpFeatures.filter((feature) => offered.has(feature) && wanted.has(feature));
}

/** Whether the name is one of the eleven. */
export function isArcpFeature(name: string): name is ArcpFeature {
  return KNOWN.has(name);
}
