import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  emptyStoryInfo,
  type MediaStorage,
  maybeOffloadBlob,
  mediaPath,
  readBlob,
} from './index.js';

class MemoryStorage implements MediaStorage {
  readonly objects = new Map<
    string,
    { readonly bytes: Uint8Array; readonly contentType: string }
  >();
  async write(path: string, bytes: Uint8Array, { contentType }: { readonly contentType: string }) {
    this.objects.set(path, { bytes, contentType });
  }
  async read(path: string) {
    const found = this.objects.get(path);
    if (found === undefined) throw new Error('not there');
    return found.bytes;
  }
}

const story = {
  ...emptyStoryInfo,
  stepRunNamespace: 'Media NS',
  storyRunId: 'run-1',
  stepName: 'Transcribe!',
};
const clock = { now: () => Date.UTC(2026, 0, 2, 3, 4, 5, 67) };
const random = { uuid: () => 'deadbeef-0000-4000-8000-000000000000' };

describe('offloading media', () => {
  it('writes a large blob under the agreed path and returns its reference', async () => {
    const storage = new MemoryStorage();
    const bytes = new Uint8Array(49_153);
    const reference = await maybeOffloadBlob(storage, bytes, {
      story,
      scope: ['room 7', '', '--'],
      contentType: 'audio/wav',
      clock,
      random,
    });
    expect(reference).toEqual({
      path: 'streams/media-ns/run-1/transcribe/room-7/2026/01/02/1767323045-067000-deadbeef.bin',
      contentType: 'audio/wav',
      sizeBytes: 49_153,
    });
    expect(await readBlob(storage, reference ?? { path: '' })).toBe(bytes);
  });

  it('keeps inline what is small, empty, or has nowhere to go', async () => {
    const storage = new MemoryStorage();
    const limit = new Uint8Array(49_152);
    expect(await maybeOffloadBlob(storage, limit, { story })).toBe(undefined);
    expect(await maybeOffloadBlob(undefined, new Uint8Array(90_000), { story })).toBe(undefined);
    expect(await maybeOffloadBlob(storage, new Uint8Array(), { story, inlineLimitBytes: 1 })).toBe(
      undefined,
    );
    expect(storage.objects.size).toBe(0);
    const small = await maybeOffloadBlob(storage, new Uint8Array(5), {
      story,
      inlineLimitBytes: 4,
      contentType: ' ',
    });
    expect(small?.contentType).toBe('application/octet-stream');
    expect(await maybeOffloadBlob(storage, limit, { story, inlineLimitBytes: -1 })).toBe(undefined);
  });

  it('passes on what the storage says, and refuses references that lead nowhere', async () => {
    const storage = new MemoryStorage();
    storage.write = async () => {
      throw new Error('disk full');
    };
    await expect(
      maybeOffloadBlob(storage, new Uint8Array(9), { story, inlineLimitBytes: 1 }),
    ).rejects.toThrow('disk full');
    await expect(readBlob(storage, { path: '' })).rejects.toThrow('storage reference missing path');
    await expect(readBlob(undefined, { path: 'x' })).rejects.toThrow('storage is disabled');
  });

  it('never makes a path that leaves its folder or differs in case', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.array(fc.string()), (stepName, scope) => {
        const path = mediaPath({ story: { ...story, stepName }, scope, clock, random });
        expect(path).toMatch(
          /^streams(\/[a-z0-9][a-z0-9._-]{0,63})+\/2026\/01\/02\/1767323045-067000-deadbeef\.bin$/,
        );
        expect(path.split('/')).not.toContain('..');
      }),
    );
  });
});
