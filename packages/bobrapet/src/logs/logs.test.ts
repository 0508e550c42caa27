import { systemClock } from '@engramkit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readEnvironment } from '../env/environment.js';
import { openPayloadStorage } from '../storage/payload-storage.js';
import { logCapture } from './log-capture.js';
import { logPath } from './log-path.js';
import { uploadLog } from './upload-log.js';

const identity = (variables = {}) =>
  readEnvironment(
    {
      BUBU_STEPRUN_NAMESPACE: 'team',
      BUBU_STORYRUN_ID: 'run 1',
      BUBU_STEP_NAME: '--..',
      BUBU_STEPRUN_NAME: 'run-1/../step',
      ...variables,
    },
    { now: 0 },
  ).environment.identity;

describe('the log of a step', () => {
  it('keeps everything that fits, and else the last whole lines', () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z\u00e4]{0,12}$/), { maxLength: 12 }),
        fc.integer({ min: 4, max: 40 }),
        (lines, capacity) => {
          const capture = logCapture(capacity);
          for (const line of lines) capture.write(`${line}\n`);
          const all = Buffer.from(lines.map((line) => `${line}\n`).join(''));
          const kept = Buffer.from(capture.drain()).toString();
          const tail = all.subarray(Math.max(0, all.length - capacity));
          const whole = all.length > capacity ? tail.subarray(tail.indexOf(10) + 1) : tail;
          expect(kept).toBe(whole.toString());
          expect(capture.drain()).toHaveLength(0);
        },
      ),
    );
  });

  it('has a path of safe segments with nanoseconds', () => {
    expect(logPath(identity(), 1_700_000_000_123)).toBe(
      'team/logs/run-1/run-1-..-step/1700000000123000000.log',
    );
    expect(logPath(identity({ BUBU_STEPRUN_NAMESPACE: '' }), 0)).toBeUndefined();
  });

  it('goes up as it is, with a reference that names its kind', async () => {
    const written: unknown[] = [];
    const payloads = (enabled: boolean) =>
      openPayloadStorage({
        settings: {
          maxInlineSize: 1,
          maxRecursionDepth: 1,
          timeoutMs: 1_000,
          outputPrefix: 'o',
          inputPrefix: 'i',
        },
        store: enabled
          ? {
              write: async (path, body, { contentType }) => {
                written.push([path, Buffer.from(body as Uint8Array).toString(), contentType]);
              },
              read: async () => new Uint8Array(),
              close: async () => undefined,
            }
          : undefined,
        clock: systemClock,
        output: { id: '' },
      });
    const { signal } = new AbortController();
    const upload = (enabled: boolean) =>
      uploadLog(Buffer.from('{}\n'), {
        identity: identity(),
        payloads: payloads(enabled),
        now: 1,
        signal,
        schema: 'bubu://engram/team/x/logs',
      });
    const path = 'team/logs/run-1/run-1-..-step/1000000.log';
    expect(await upload(true)).toEqual({
      $bubuStorageRef: path,
      $bubuStorageContentType: 'application/x-ndjson',
      $bubuStorageSchema: 'bubu://engram/team/x/logs',
    });
    expect(written).toEqual([[path, '{}\n', 'application/x-ndjson']]);
    await expect(upload(false)).rejects.toMatchObject({ code: 'LOGS_UNAVAILABLE' });
  });
});
