import {
  type Clock,
  InvalidInputError,
  type Random,
  systemClock,
  systemRandom,
  trimSpace,
} from '@engramkit/core';
import type { StoryInfo } from './story-info.js';

/** Where large media goes: an object store, as far as authors need it. */
export interface MediaStorage {
  /** Writes an object; rejects when it could not. */
  write(
    path: string,
    bytes: Uint8Array,
    options: { readonly contentType: string; readonly signal?: AbortSignal },
  ): Promise<void>;
  /** The bytes of an object; rejects when there is none. */
  read(path: string, options: { readonly signal?: AbortSignal }): Promise<Uint8Array>;
}

/** Where an offloaded blob is; goes into a payload as it is. Source: bobrapet-streaming section 9. */
export interface MediaReference {
  readonly path: string;
  readonly contentType?: string;
  readonly sizeBytes?: number;
}

/** Options of {@link maybeOffloadBlob}. */
export interface OffloadOptions {
  /** Namespace, story run and step are part of the path. */
  readonly story: StoryInfo;
  /** More parts of the path, such as a room and a participant. */
  readonly scope?: readonly string[];
  /** Default `application/octet-stream`. */
  readonly contentType?: string;
  /** Up to this many bytes stay inline; default 49,152; zero and less mean the default. */
  readonly inlineLimitBytes?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Pick<Clock, 'now'>;
  readonly random?: Pick<Random, 'uuid'>;
}

/** 48 KiB. Source: bobrapet-streaming section 9. */
export const DEFAULT_MEDIA_INLINE_LIMIT_BYTES = 49_152;

const LONGEST_PART = 64;

/**
 * Writes a large blob to the storage and returns its reference, or `undefined` when it stays inline.
 *
 * It stays inline without a storage, when it is empty, and when it has at most `inlineLimitBytes`. Rejects with what the storage
 * rejects with. Source: bobrapet-streaming section 9.
 */
export async function maybeOffloadBlob(
  storage: MediaStorage | undefined,
  bytes: Uint8Array,
  options: OffloadOptions,
): Promise<MediaReference | undefined> {
  const { inlineLimitBytes = 0, signal } = options;
  const limit = inlineLimitBytes > 0 ? inlineLimitBytes : DEFAULT_MEDIA_INLINE_LIMIT_BYTES;
  if (storage === undefined || bytes.byteLength <= limit) return undefined;
  const asked = options.contentType ?? '';
  const contentType = trimSpace(asked) === '' ? 'application/octet-stream' : asked;
  const path = mediaPath(options);
  await storage.write(path, bytes, { contentType, ...(signal === undefined ? {} : { signal }) });
  return { path, contentType, sizeBytes: bytes.byteLength };
}

/**
 * The bytes behind a reference.
 *
 * Throws `MEDIA_REFERENCE_INVALID` for a reference without a path, `STORAGE_DISABLED` without a storage, and what the storage
 * rejects with. Source: bobrapet-streaming section 9.
 */
export async function readBlob(
  storage: MediaStorage | undefined,
  reference: Pick<MediaReference, 'path'>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Uint8Array> {
  if (reference.path === '') {
    throw new InvalidInputError('storage reference missing path', {
      code: 'MEDIA_REFERENCE_INVALID',
      hint: 'Pass the reference that maybeOffloadBlob returned, unchanged.',
    });
  }
  if (storage === undefined) {
    throw new InvalidInputError('storage is disabled', {
      code: 'STORAGE_DISABLED',
      hint: 'The step that wrote the blob had a storage; give this one the same.',
    });
  }
  return storage.read(reference.path, options);
}

/**
 * The path of a new object: `streams/<namespace>/<story run>/<step>/<scope…>/YYYY/MM/DD/<file>`, in UTC, empty parts left out.
 *
 * The file is `<unix seconds>-<microseconds, 6 digits>-<8 random hexadecimal digits>.bin`. Source: bobrapet-streaming section 9.
 */
export function mediaPath(
  options: Pick<OffloadOptions, 'story' | 'scope' | 'clock' | 'random'>,
): string {
  const { story, scope = [], clock = systemClock, random = systemRandom } = options;
  const now = Math.floor(clock.now());
  const [date = ''] = new Date(now).toISOString().split('T');
  const seconds = Math.floor(now / 1_000);
  const microseconds = String((now - seconds * 1_000) * 1_000).padStart(6, '0');
  const suffix = random.uuid().replaceAll('-', '').slice(0, 8);
  const parts = [story.stepRunNamespace, story.storyRunId, story.stepName, ...scope];
  return [
    'streams',
    ...parts.map(pathPart).filter((part) => part !== ''),
    ...date.split('-'),
    `${seconds}-${microseconds}-${suffix}.bin`,
  ].join('/');
}

function pathPart(name: string): string {
  return trimSpace(name)
    .replace(/[^A-Za-z0-9._-]+/g, '-')
    .replace(/^[-_.]+/, '')
    .replace(/[-_.]+$/, '')
    .slice(0, LONGEST_PART)
    .toLowerCase();
}
