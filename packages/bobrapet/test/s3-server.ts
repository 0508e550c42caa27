import { createHash, createHmac } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';

/** A request as the store saw it. */
export interface SeenS3Request {
  readonly method: string;
  readonly key: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage['headers'];
}

/** An S3 service in this process: one bucket, signatures checked, faults on demand. */
export interface S3Double {
  readonly url: string;
  readonly objects: Map<string, Uint8Array>;
  readonly requests: SeenS3Request[];
  /** Uploads in parts that were neither completed nor taken back. */
  readonly openUploads: Map<string, Map<number, Uint8Array>>;
  /** Looks at each request first; `true` means that it answered. */
  fault:
    | ((request: SeenS3Request, response: ServerResponse, socket: Socket) => boolean)
    | undefined;
  close(): Promise<void>;
}

/** Starts the service; without a key, unsigned requests are taken. */
export async function startS3(options: {
  readonly bucket: string;
  readonly accessKeyId?: string;
  readonly secretAccessKey?: string;
}): Promise<S3Double> {
  const objects = new Map<string, Uint8Array>();
  const requests: SeenS3Request[] = [];
  const openUploads = new Map<string, Map<number, Uint8Array>>();
  let uploads = 0;
  const handle = (incoming: IncomingMessage, response: ServerResponse, body: Buffer): unknown => {
    const refuse = (status: number, code: string): void => {
      response.writeHead(status, { 'content-type': 'application/xml' });
      response.end(`<?xml version="1.0"?><Error><Code>${code}</Code></Error>`);
    };
    const answer = (xml: string, headers: Record<string, string> = {}): void => {
      response.writeHead(200, { 'content-type': 'application/xml', ...headers });
      response.end(xml);
    };
    const url = new URL(incoming.url ?? '/', 'http://x');
    const [, bucket, ...rest] = url.pathname.split('/');
    const key = decodeURIComponent(rest.join('/'));
    const { headers, method = '' } = incoming;
    const query = url.searchParams;
    const seen: SeenS3Request = { method, key, query, headers };
    requests.push(seen);
    if (double.fault?.(seen, response, incoming.socket) === true) return undefined;
    const wrong = signatureProblem(incoming, url, body, options);
    if (wrong !== undefined) return refuse(403, wrong);
    if (bucket !== options.bucket) return refuse(404, 'NoSuchBucket');
    const hash = (algorithm: string): string => createHash(algorithm).update(body).digest('base64');
    if (headers['content-md5'] !== undefined && headers['content-md5'] !== hash('md5')) {
      return refuse(400, 'BadDigest');
    }
    const sum = headers['x-amz-checksum-sha256'];
    if (sum !== undefined && sum !== hash('sha256')) return refuse(400, 'BadDigest');
    const etag = `"${createHash('md5').update(body).digest('hex')}"`;
    const upload = query.get('uploadId');
    if (method === 'POST' && query.has('uploads')) {
      const id = `up&load-${++uploads}`;
      openUploads.set(id, new Map());
      return answer(`<R><UploadId>${id.replace('&', '&amp;')}</UploadId></R>`);
    }
    if (upload !== null) {
      const parts = openUploads.get(upload);
      if (parts === undefined) return refuse(404, 'NoSuchUpload');
      if (method === 'PUT') {
        parts.set(Number(query.get('partNumber')), body);
        return answer('', { etag });
      }
      openUploads.delete(upload);
      if (method === 'DELETE') return answer('');
      const numbers = [...body.toString().matchAll(/<PartNumber>(\d+)</g)].map(([, n]) =>
        Number(n),
      );
      const pieces = numbers.map((number) => parts.get(number) ?? Buffer.alloc(0));
      if (pieces.slice(0, -1).some((piece) => piece.length < 5 * 1_048_576)) {
        return refuse(400, 'EntityTooSmall');
      }
      objects.set(key, Buffer.concat(pieces));
      return answer('<R><ETag>x</ETag></R>');
    }
    if (method === 'GET' && key === '') return answer(listing(objects, query));
    if (method === 'PUT') {
      if (headers['if-none-match'] === '*' && objects.has(key)) {
        return refuse(412, 'PreconditionFailed');
      }
      objects.set(key, body);
      return answer('', { etag });
    }
    const object = objects.get(key);
    if (object === undefined) return refuse(404, 'NoSuchKey');
    response.writeHead(200, { 'content-length': String(object.length) });
    return response.end(object);
  };
  const server = createServer((incoming, response) => {
    const pieces: Buffer[] = [];
    incoming.on('data', (piece: Buffer) => pieces.push(piece));
    incoming.on('end', () => handle(incoming, response, Buffer.concat(pieces)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const double: S3Double = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    objects,
    requests,
    openUploads,
    fault: undefined,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return double;
}

function listing(objects: Map<string, Uint8Array>, query: URLSearchParams): string {
  const after = query.get('continuation-token') ?? '';
  const most = Number(query.get('max-keys') ?? 1_000);
  const keys = [...objects.keys()]
    .filter((key) => key.startsWith(query.get('prefix') ?? '') && key > after)
    .sort();
  const page = keys.slice(0, most);
  const more = keys.length > page.length;
  const contents = page.map((key) => `<Contents><Key>${key}</Key></Contents>`).join('');
  const token = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : '';
  return `<R><IsTruncated>${more}</IsTruncated>${contents}${token}</R>`;
}

/** AWS Signature Version 4, recomputed; `undefined` when it is right. */
function signatureProblem(
  incoming: IncomingMessage,
  url: URL,
  body: Buffer,
  options: { readonly accessKeyId?: string; readonly secretAccessKey?: string },
): string | undefined {
  const { headers } = incoming;
  const given = headers.authorization;
  const { accessKeyId, secretAccessKey } = options;
  if (accessKeyId === undefined || secretAccessKey === undefined) return undefined;
  const found =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/.exec(
      given ?? '',
    );
  if (found === null) return 'AccessDenied';
  const [, key = '', day = '', region = '', names = '', signature] = found;
  if (key !== accessKeyId) return 'InvalidAccessKeyId';
  const payload = String(headers['x-amz-content-sha256']);
  if (payload !== createHash('sha256').update(body).digest('hex'))
    return 'XAmzContentSHA256Mismatch';
  const encode = (text: string): string =>
    encodeURIComponent(text).replace(
      /[!'()*]/g,
      (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  const query = [...url.searchParams]
    .map(([name, value]) => `${encode(name)}=${encode(value)}`)
    .sort()
    .join('&');
  const signed = names.split(';').map((name) => `${name}:${String(headers[name] ?? '').trim()}\n`);
  const canonical = [incoming.method, url.pathname, query, signed.join(''), names, payload].join(
    '\n',
  );
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = `AWS4-HMAC-SHA256\n${headers['x-amz-date']}\n${scope}\n${createHash('sha256').update(canonical).digest('hex')}`;
  const mac = (secret: string | Buffer, data: string): Buffer =>
    createHmac('sha256', secret).update(data).digest();
  const signing = mac(mac(mac(mac(`AWS4${secretAccessKey}`, day), region), 's3'), 'aws4_request');
  return mac(signing, text).toString('hex') === signature ? undefined : 'SignatureDoesNotMatch';
}
