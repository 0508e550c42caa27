import type { S3Settings } from '../env/storage-settings.js';

/** Gives the headers of a request with its signature. */
export type Signer = (
  method: string,
  url: URL,
  headers: Readonly<Record<string, string>>,
  now: number,
) => Promise<Record<string, string>>;

/** The signing library is loaded with the first request. */
export async function signerFor(settings: S3Settings): Promise<Signer> {
  const { credentials, region } = settings;
  if (credentials === undefined) return async (_method, _url, headers) => ({ ...headers });
  const { AwsV4Signer } = await import('aws4fetch');
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  return async (method, url, headers, now) => {
    const signed = await new AwsV4Signer({
      method,
      url: url.href,
      headers: { ...headers },
      accessKeyId,
      secretAccessKey,
      ...(sessionToken === undefined ? {} : { sessionToken }),
      service: 's3',
      region,
      datetime: new Date(now).toISOString().replace(/[:-]|\.\d{3}/g, ''),
    }).sign();
    return Object.fromEntries(signed.headers);
  };
}

/** Everything but unreserved characters, as signatures demand. */
export function encodeSegment(segment: string): string {
  return encodeURIComponent(segment).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
