import type { JsonObject, JsonValue } from '@engramkit/core';
import { type Dialect, dialectOfHello, dialectOfWelcome } from './dialect.js';
import type { Envelope } from './envelope.js';
import { ArcpError, asObject } from './error.js';
import { type ArcpFeature, arcpFeatures, isArcpFeature } from './features.js';
import { readInteger, readText, readTexts } from './read.js';

/** Name and version of a program. */
export interface PeerIdentity {
  readonly name: string;
  readonly version: string;
}

/** The request to go on with an earlier session. Source: arcp section 2.4. */
export interface ResumeRequest {
  readonly sessionId?: string;
  readonly resumeToken: string;
  readonly lastEventSeq: number;
}

/** A `session.hello` as a runtime reads it. */
export interface Hello {
  readonly dialect: Dialect;
  readonly client: PeerIdentity;
  readonly scheme: string;
  /** Secret. */
  readonly token: string;
  readonly features: readonly string[];
  readonly resume?: ResumeRequest;
  /** The identifier that a seed client proposes. */
  readonly proposedSessionId?: string;
}

/**
 * Reads a hello; also a first message of type `session.resume`. Source: arcp sections 2.2, 2.4 (S-30) and 8.1.
 *
 * Throws `INVALID_REQUEST`, or `UNAUTHENTICATED` when the scheme is not `bearer` or the token is missing.
 */
export function readHello(envelope: Envelope): Hello {
  const { payload } = envelope;
  const dialect = dialectOfHello(envelope);
  const client = asObject(payload.client);
  const name = client ? readText(client, 'name') : readText(payload, 'client_name');
  const version = client ? readText(client, 'version') : readText(payload, 'client_version');
  if (name === undefined || version === undefined) {
    throw new ArcpError('INVALID_REQUEST', 'session.hello must name the client and its version', {
      details: { field: 'client' },
    });
  }
  const auth = asObject(payload.auth);
  const scheme = auth && readText(auth, 'scheme');
  const token = auth && readText(auth, 'token');
  if (scheme !== 'bearer' || token === undefined) {
    throw new ArcpError('UNAUTHENTICATED', 'session.hello must carry a bearer token', {
      details: { field: 'auth' },
    });
  }
  const features = readTexts(asObject(payload.capabilities) ?? {}, 'features') ?? [];
  const block =
    envelope.type === 'session.resume'
      ? (asObject(payload.resume) ?? payload)
      : asObject(payload.resume);
  const resume = block && readResume(block);
  return {
    dialect,
    client: { name, version },
    scheme,
    token,
    features,
    ...(resume === undefined ? {} : { resume }),
    ...(dialect === 'seed' && envelope.session_id !== undefined
      ? { proposedSessionId: envelope.session_id }
      : {}),
  };
}

function readResume(block: JsonObject): ResumeRequest {
  const resumeToken = readText(block, 'resume_token') ?? readText(block, 'token');
  const lastEventSeq = readInteger(block, 'last_event_seq');
  if (resumeToken === undefined || lastEventSeq === undefined) {
    throw new ArcpError('INVALID_REQUEST', 'resume must carry resume_token and last_event_seq', {
      details: { field: 'resume' },
    });
  }
  const sessionId = readText(block, 'session_id');
  return { resumeToken, lastEventSeq, ...(sessionId === undefined ? {} : { sessionId }) };
}

/** An agent as a runtime advertises it. */
export interface AdvertisedAgent {
  readonly name: string;
  readonly versions: readonly string[];
  readonly default?: string;
}

/** A `session.welcome` as a client reads it. */
export interface Welcome {
  readonly dialect: Dialect;
  readonly sessionId: string;
  readonly runtime: PeerIdentity;
  /** Secret. */
  readonly resumeToken?: string;
  readonly resumeWindowSec: number;
  readonly heartbeatIntervalSec?: number;
  /** What the runtime offers, known names only. */
  readonly features: readonly ArcpFeature[];
  readonly agents: readonly AdvertisedAgent[];
}

/** Reads a welcome, tolerantly; throws `INVALID_REQUEST` only when it names no session. Source: arcp section 2.3. */
export function readWelcome(envelope: Envelope): Welcome {
  const { payload } = envelope;
  const sessionId = envelope.session_id ?? readText(payload, 'session_id');
  if (sessionId === undefined) {
    throw new ArcpError('INVALID_REQUEST', 'session.welcome names no session');
  }
  const runtime = asObject(payload.runtime);
  const capabilities = asObject(payload.capabilities) ?? {};
  const resumeToken = readText(payload, 'resume_token');
  const heartbeatIntervalSec = readInteger(payload, 'heartbeat_interval_sec', 1);
  return {
    dialect: dialectOfWelcome(envelope),
    sessionId,
    runtime: {
      name: (runtime ? readText(runtime, 'name') : readText(payload, 'runtime_name')) ?? 'unknown',
      version:
        (runtime ? readText(runtime, 'version') : readText(payload, 'runtime_version')) ?? '0',
    },
    ...(resumeToken === undefined ? {} : { resumeToken }),
    resumeWindowSec: readInteger(payload, 'resume_window_sec', 1) ?? 0,
    ...(heartbeatIntervalSec === undefined ? {} : { heartbeatIntervalSec }),
    features: (readTexts(capabilities, 'features') ?? []).filter(isArcpFeature),
    agents: readAgents(capabilities.agents),
  };
}

function readAgents(value: JsonValue | undefined): readonly AdvertisedAgent[] {
  if (!Array.isArray(value)) return [];
  return value.flatMap((entry): AdvertisedAgent[] => {
    if (typeof entry === 'string' && entry !== '') return [{ name: entry, versions: [] }];
    const from = asObject(entry);
    const name = from && readText(from, 'name');
    if (from === undefined || name === undefined) return [];
    const fallback = readText(from, 'default');
    return [
      {
        name,
        versions: readTexts(from, 'versions') ?? [],
        ...(fallback === undefined ? {} : { default: fallback }),
      },
    ];
  });
}

/** The payload of our hello. `superset` adds the flat identity that the seed reads. Source: arcp sections 2.2 and 8.3. */
export function helloPayload(options: {
  readonly client: PeerIdentity;
  readonly token: string;
  readonly features?: readonly ArcpFeature[];
  readonly resume?: ResumeRequest & { readonly sessionId: string };
  readonly superset?: boolean;
}): JsonObject {
  const { client, token, features = arcpFeatures, resume, superset } = options;
  return {
    client: { name: client.name, version: client.version },
    ...(superset === true ? { client_name: client.name, client_version: client.version } : {}),
    auth: { scheme: 'bearer', token },
    capabilities: { encodings: ['json'], features: [...features] },
    ...(resume === undefined
      ? {}
      : {
          resume: {
            session_id: resume.sessionId,
            resume_token: resume.resumeToken,
            last_event_seq: resume.lastEventSeq,
          },
        }),
  };
}

/** The identifier of the request that a message answers, by either name. Source: arcp section 1.6, E-31. */
export function readRequestId(payload: JsonObject): string | undefined {
  return readText(payload, 'request_id') ?? readText(payload, 'reply_to');
}

/** Both correlation members. Source: arcp section 1.6, E-30. */
export function correlation(requestId: string): JsonObject {
  return { request_id: requestId, reply_to: requestId };
}
