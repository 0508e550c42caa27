import { defineBatch } from 'engramkit';
import * as z from 'zod';
import {
  busiestHours,
  depths,
  line,
  magnitudeHistogram,
  type Quake,
  regions,
  strongest,
} from './digest.js';

const Event = z.object({
  id: z.string(),
  properties: z.object({
    mag: z.number().nullable(),
    place: z.string().nullable(),
    time: z.int(),
    tsunami: z.union([z.literal(0), z.literal(1)]),
    type: z.string(),
  }),
  geometry: z.object({
    coordinates: z.tuple([z.number(), z.number(), z.number().nullable()]),
  }),
});

const Share = z.object({ key: z.string(), count: z.int() });
const Line = z.object({
  magnitude: z.number().nullable(),
  place: z.string(),
  time: z.iso.datetime(),
  depthKm: z.number().nullable(),
});

/** How many events are converted between two looks at the abort signal. */
const CHUNK = 500;

export default defineBatch({
  name: 'quake-digest',
  version: '1.0.0',
  description: 'Turns a GeoJSON feed of earthquakes into a digest of one page.',
  config: z.object({
    strongest: z.int().min(1).max(100).default(10).describe('How many of the strongest to list.'),
    top: z.int().min(1).max(100).default(5).describe('How many hours and regions to list.'),
  }),
  inputs: z.object({
    features: z.array(Event).describe('The events of a USGS summary feed.'),
  }),
  output: z.object({
    period: z.object({ from: z.iso.datetime(), to: z.iso.datetime() }).nullable(),
    events: z.int(),
    kinds: z.array(Share),
    magnitudes: z.array(Share),
    strongest: z.array(Line),
    busiestHours: z.array(Share),
    regions: z.array(Share),
    depth: z.object({
      shallow: z.int(),
      intermediate: z.int(),
      deep: z.int(),
      medianKm: z.number().nullable(),
      deepest: Line.nullable(),
    }),
    tsunamiFlags: z.array(Line),
  }),

  async process({ features }, { config, logger, signal, signals }) {
    const quakes: Quake[] = [];
    for (const [index, feature] of features.entries()) {
      if (index % CHUNK === 0) {
        signal.throwIfAborted();
        await signals.emit('progress', { read: index, of: features.length });
        logger.info('reading events', { read: index, of: features.length });
      }
      quakes.push(quakeOf(feature));
    }
    const times = quakes.map(({ timeMs }) => timeMs);
    logger.info('digesting', { events: quakes.length });
    return {
      period:
        times.length === 0 ? null : { from: iso(Math.min(...times)), to: iso(Math.max(...times)) },
      events: quakes.length,
      kinds: kindsOf(quakes),
      magnitudes: magnitudeHistogram(quakes),
      strongest: strongest(quakes, config.strongest),
      busiestHours: busiestHours(quakes, config.top),
      regions: regions(quakes, config.top),
      depth: depths(quakes),
      tsunamiFlags: quakes.filter(({ tsunami }) => tsunami).map(line),
    };
  },
});

function quakeOf({ id, properties, geometry }: z.infer<typeof Event>): Quake {
  return {
    id,
    kind: properties.type,
    place: properties.place ?? '',
    timeMs: properties.time,
    magnitude: properties.mag,
    depthKm: geometry.coordinates[2],
    tsunami: properties.tsunami === 1,
  };
}

function iso(timeMs: number): string {
  return new Date(timeMs).toISOString();
}

function kindsOf(quakes: readonly Quake[]): z.infer<typeof Share>[] {
  const counts = new Map<string, number>();
  for (const { kind } of quakes) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return [...counts].map(([key, count]) => ({ key, count }));
}
