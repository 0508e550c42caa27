import { systemClock, systemRandom } from '@engramkit/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type S3Double, startS3 } from '../../test/s3-server.js';
import { readEnvironment, requireEnvironment } from '../env/environment.js';
import type { ObjectStore } from './object-store.js';
import { openObjectStore } from './open-object-store.js';

const PART = 5 * 1_048_576;
const KEY = { BUBU_S3_ACCESS_KEY_ID: 'id', BUBU_S3_SECRET_ACCESS_KEY: 'hunter2' };
let service: S3Double;
const stores: ObjectStore[] = [];

async function open(variables: Readonly<Record<string, string>> = KEY): Promise<ObjectStore> {
  const report = readEnvironment(
    {
      BUBU_STORAGE_PROVIDER: 's3',
      BUBU_STORAGE_S3_BUCKET: 'bucket',
      BUBU_STORAGE_S3_ENDPOINT: service.url,
      BUBU_S3_MAX_BACKOFF: '5ms',
      BUBU_S3_CONCURRENCY: '3',
      ...variables,
    },
    { now: 0 },
  );
  const { backend } = requireEnvironment(report).storage;
  const store = await openObjectStore(backend, { clock: systemClock, random: systemRandom });
  if (store === undefined) throw new Error('storage is off');
  stores.push(store);
  return store;
}

const write = (store: ObjectStore, path: string, body: Uint8Array | AsyncIterable<Uint8Array>) =>
  store.write(path, body, { contentType: 'application/json' });
const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('utf8');

describe('the S3 store', () => {
  beforeEach(async () => {
    service = await startS3({ bucket: 'bucket', accessKeyId: 'id', secretAccessKey: 'hunter2' });
  });
  afterEach(async () => {
    await Promise.all(stores.splice(0).map((store) => store.close()));
    await service.close();
  });

  it.each(['outputs/team/run/body.json', "a/b c!'()*+=&?#%.json", 'ä/€.json'])(
    'writes and reads %j with a signature that another implementation accepts',
    async (path) => {
      const store = await open();
      await write(store, path, Buffer.from('{"a":1}'));
      expect(text(service.objects.get(path))).toBe('{"a":1}');
      expect(text(await store.read(path, { maxBytes: 100 }))).toBe('{"a":1}');
      expect(service.requests[0]?.headers).toMatchObject({
        'content-type': 'application/json',
        'content-length': '7',
        'content-md5': expect.any(String),
        'x-amz-checksum-sha256': expect.any(String),
      });
    },
  );

  it('takes the injected AWS pair with an endpoint, and signs nothing without any key', async () => {
    const store = await open({ AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'hunter2' });
    await write(store, 'a', Buffer.from('x'));
    await expect((await open({})).read('a', { maxBytes: 9 })).rejects.toMatchObject({
      code: 'STORAGE_DENIED',
      retry: 'never',
    });
    expect(service.requests.at(-1)?.headers.authorization).toBeUndefined();
  });

  it('names a wrong key and shows none', async () => {
    const store = await open({ ...KEY, BUBU_S3_SECRET_ACCESS_KEY: 'swordfish' });
    const error = await write(store, 'a', Buffer.from('x')).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORAGE_DENIED', retry: 'never' });
    expect(String(error)).toContain('SignatureDoesNotMatch');
    expect(JSON.stringify(error)).not.toContain('swordfish');
    expect(service.requests).toHaveLength(1);
  });

  it('asks for encryption in the words of the service', async () => {
    const store = await open({ ...KEY, BUBU_S3_SSE: 'KMS', BUBU_S3_SSE_KMS_KEY: 'k' });
    await write(store, 'a', Buffer.from('x'));
    expect(service.requests[0]?.headers).toMatchObject({
      'x-amz-server-side-encryption': 'aws:kms',
      'x-amz-server-side-encryption-aws-kms-key-id': 'k',
    });
  });

  it('uploads a stream in parts and holds no more than a few of them', async () => {
    const store = await open();
    let given = 0;
    async function* pieces(): AsyncGenerator<Uint8Array> {
      const buffer = Buffer.alloc(700_001);
      for (; given < 20; given++) yield buffer.fill(given);
    }
    await write(store, 'big', pieces());
    const expected = Buffer.concat(
      Array.from({ length: 20 }, (_, index) => Buffer.alloc(700_001, index)),
    );
    expect(Buffer.compare(service.objects.get('big') ?? Buffer.alloc(0), expected)).toBe(0);
    expect(service.openUploads.size).toBe(0);
  });

  it.each([0, 1, PART - 1, PART, PART + 1, 2 * PART])('keeps every byte of %i', async (size) => {
    const store = await open();
    await write(store, 'x', Buffer.alloc(size, 7));
    expect(service.objects.get('x')?.length).toBe(size);
  });

  it('takes an upload back when a part fails for good or its source breaks', async () => {
    const store = await open();
    service.fault = ({ query }, response) => {
      if (query.get('partNumber') !== '2') return false;
      response.writeHead(400).end('<Error><Code>Bad</Code></Error>');
      return true;
    };
    await expect(write(store, 'x', Buffer.alloc(3 * PART))).rejects.toThrow('Bad');
    service.fault = undefined;
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(3 * PART);
      throw new Error('the disk is gone');
    }
    await expect(write(store, 'x', broken())).rejects.toThrow('the disk is gone');
    expect(service.objects.size).toBe(0);
    expect(service.openUploads.size).toBe(0);
  });

  it('tries again after 503, 500 and lost connections, as often as it is told', async () => {
    const store = await open();
    let faults = 2;
    service.fault = (_request, response, socket) => {
      if (faults-- <= 0) return false;
      if (faults === 0) socket.destroy();
      else
        response.writeHead(503, { 'retry-after': '0' }).end('<Error><Code>SlowDown</Code></Error>');
      return true;
    };
    await write(store, 'a', Buffer.from('x'));
    expect(service.requests).toHaveLength(3);
    faults = 3;
    await expect(store.read('a', { maxBytes: 10 })).rejects.toMatchObject({
      code: 'STORAGE_UNAVAILABLE',
      retry: 'safe',
    });
    expect(service.requests).toHaveLength(6);
  });

  it('gives up on a store that says nothing, and at once when the signal aborts', async () => {
    const store = await open({ ...KEY, BUBU_S3_TIMEOUT: '50ms', BUBU_S3_MAX_RETRIES: '1' });
    service.fault = () => true;
    await expect(store.read('a', { maxBytes: 1 })).rejects.toMatchObject({
      code: 'STORAGE_TIMEOUT',
    });
    const controller = new AbortController();
    service.fault = () => {
      controller.abort(new Error('enough'));
      return true;
    };
    await expect(store.read('a', { maxBytes: 1, signal: controller.signal })).rejects.toThrow(
      'enough',
    );
  });

  it('loads no object that is too large, announced or not', async () => {
    const store = await open();
    service.objects.set('big', Buffer.alloc(1_000));
    const code = { code: 'STORAGE_OBJECT_TOO_LARGE' };
    await expect(store.read('big', { maxBytes: 999 })).rejects.toMatchObject(code);
    service.fault = (_request, response) => {
      response.write(Buffer.alloc(600));
      response.end(Buffer.alloc(600));
      return true;
    };
    await expect(store.read('big', { maxBytes: 999 })).rejects.toMatchObject(code);
  });

  it('says which object is missing', async () => {
    await expect((await open()).read('none/x', { maxBytes: 1 })).rejects.toMatchObject({
      code: 'STORAGE_OBJECT_MISSING',
      message: expect.stringContaining('none/x'),
    });
  });
});
