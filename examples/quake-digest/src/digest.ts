/** One event of the feed, as the digest needs it. */
export interface Quake {
  readonly id: string;
  readonly kind: string;
  readonly place: string;
  /** Milliseconds since 1970-01-01T00:00:00Z. */
  readonly timeMs: number;
  readonly magnitude: number | null;
  readonly depthKm: number | null;
  readonly tsunami: boolean;
}

/** One line of a list of events. */
export interface QuakeLine {
  readonly magnitude: number | null;
  readonly place: string;
  readonly time: string;
  readonly depthKm: number | null;
}

/** How often something occurs. */
export interface Share<Key extends string = string> {
  readonly key: Key;
  readonly count: number;
}

/** The events from strongest to weakest, the later one first among equals, at most `count`. */
export function strongest(quakes: readonly Quake[], count: number): QuakeLine[] {
  return quakes
    .filter(({ magnitude }) => magnitude !== null)
    .sort(
      (left, right) => (right.magnitude ?? 0) - (left.magnitude ?? 0) || right.timeMs - left.timeMs,
    )
    .slice(0, count)
    .map(line);
}

/** What a list shows of an event. */
export function line({ magnitude, place, timeMs, depthKm }: Quake): QuakeLine {
  return { magnitude, place, time: new Date(timeMs).toISOString(), depthKm };
}

/** Counts per whole magnitude, from the weakest to the strongest class, without gaps. */
export function magnitudeHistogram(quakes: readonly Quake[]): Share[] {
  const classes = quakes.flatMap(({ magnitude }) =>
    magnitude === null ? [] : [Math.floor(magnitude)],
  );
  if (classes.length === 0) return [];
  const least = Math.min(...classes);
  const counts = new Array<number>(Math.max(...classes) - least + 1).fill(0);
  for (const found of classes) counts[found - least] = (counts[found - least] ?? 0) + 1;
  return counts.map((count, index) => ({ key: `${least + index} to ${least + index + 1}`, count }));
}

/** The hours (UTC) with the most events, most first. */
export function busiestHours(quakes: readonly Quake[], count: number): Share[] {
  return ranked(
    quakes.map(({ timeMs }) => `${new Date(timeMs).toISOString().slice(0, 13)}:00Z`),
    count,
  );
}

/** The regions with the most events, most first: what stands behind the last comma of the place. */
export function regions(quakes: readonly Quake[], count: number): Share[] {
  return ranked(
    quakes.map(({ place }) => regionOf(place)),
    count,
  );
}

const REGION_NAMES: Readonly<Record<string, string>> = { CA: 'California', NV: 'Nevada' };

function regionOf(place: string): string {
  const region = place.slice(place.lastIndexOf(',') + 1).trim();
  return REGION_NAMES[region] ?? (region === '' ? 'unknown' : region);
}

/** Classes of depth as seismology uses them: shallow to 70 km, intermediate to 300 km, deep below. */
export function depths(quakes: readonly Quake[]): {
  readonly shallow: number;
  readonly intermediate: number;
  readonly deep: number;
  readonly medianKm: number | null;
  readonly deepest: QuakeLine | null;
} {
  const known = quakes
    .filter((quake): quake is Quake & { readonly depthKm: number } => quake.depthKm !== null)
    .sort((left, right) => left.depthKm - right.depthKm);
  const deepest = known.at(-1);
  return {
    shallow: known.filter(({ depthKm }) => depthKm < 70).length,
    intermediate: known.filter(({ depthKm }) => depthKm >= 70 && depthKm < 300).length,
    deep: known.filter(({ depthKm }) => depthKm >= 300).length,
    medianKm: known[Math.floor(known.length / 2)]?.depthKm ?? null,
    deepest: deepest === undefined ? null : line(deepest),
  };
}

function ranked(keys: readonly string[], count: number): Share[] {
  const counts = new Map<string, number>();
  for (const key of keys) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts]
    .sort(([leftKey, left], [rightKey, right]) => right - left || leftKey.localeCompare(rightKey))
    .slice(0, count)
    .map(([key, occurrences]) => ({ key, count: occurrences }));
}
