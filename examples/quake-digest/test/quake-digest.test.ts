import { readFileSync } from 'node:fs';
import { BatchHarness, BatchSuite } from '@engramkit/testing';
import { expect, test } from 'vitest';
import quakeDigest from '../src/quake-digest.js';

const config = { strongest: 3, top: 2 };

function event(id: string, mag: number | null, time: number, place: string, depth: number | null) {
  return {
    id,
    properties: { mag, place, time, tsunami: 0 as const, type: 'earthquake' },
    geometry: { coordinates: [0, 0, depth] as [number, number, number | null] },
  };
}

test('keeps the contract of a batch engram', async () => {
  await new BatchSuite({
    engram: quakeDigest,
    config,
    inputs: { features: [] },
    validateResult: (output) => {
      expect(output).toMatchObject({ events: 0, period: null, strongest: [], magnitudes: [] });
    },
  }).run();
});

test('counts, sorts and groups', async () => {
  const features = [
    event('a', 1.4, 3_600_000, '1km N of Here, CA', 5),
    event('b', 6.1, 3_700_000, 'Tonga', 400),
    event('c', -0.3, 9_000_000, '3km S of There, California', 80),
    event('d', null, 9_100_000, 'Nowhere', null),
  ];
  const harness = new BatchHarness(quakeDigest, { config, inputs: { features } });
  const digest = await harness.run();
  expect(digest.period).toEqual({
    from: '1970-01-01T01:00:00.000Z',
    to: '1970-01-01T02:31:40.000Z',
  });
  expect(digest.magnitudes.map(({ key, count }) => [key, count])).toEqual([
    ['-1 to 0', 1],
    ['0 to 1', 0],
    ['1 to 2', 1],
    ['2 to 3', 0],
    ['3 to 4', 0],
    ['4 to 5', 0],
    ['5 to 6', 0],
    ['6 to 7', 1],
  ]);
  expect(digest.strongest.map(({ magnitude }) => magnitude)).toEqual([6.1, 1.4, -0.3]);
  expect(digest.regions).toEqual([
    { key: 'California', count: 2 },
    { key: 'Nowhere', count: 1 },
  ]);
  expect(digest.depth).toMatchObject({ shallow: 1, intermediate: 1, deep: 1, medianKm: 80 });
  expect(digest.busiestHours[0]).toEqual({ key: '1970-01-01T01:00Z', count: 2 });
  expect(harness.context.recorded.signals.map(({ key }) => key)).toEqual(['progress']);
});

test('stops between two portions when it is told to', async () => {
  const harness = new BatchHarness(quakeDigest, {
    config,
    inputs: { features: [event('a', 1, 0, 'Here', 1)] },
  });
  harness.context.abort();
  await expect(harness.run()).rejects.toBe(harness.context.signal.reason);
});

test('digests the real week', async () => {
  const file = new URL('../data/usgs-all-week-2018-02.geojson', import.meta.url);
  const { features } = JSON.parse(readFileSync(file, 'utf8'));
  const digest = await new BatchHarness(quakeDigest, { config, inputs: { features } }).run();
  expect(digest.events).toBe(1707);
  expect(digest.strongest[0]?.magnitude).toBe(6.4);
  expect(digest.tsunamiFlags).toHaveLength(4);
});
