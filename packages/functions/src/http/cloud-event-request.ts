import { type CloudEvent, checkAttributes, checkCloudEvent, refuse } from './cloud-event.js';
import type { Exchange } from './exchange.js';
import { isJson, mediaTypeOf, parseBody, readBody } from './json-body.js';
import { HttpProblem } from './problem.js';

/** The events of a request: one, or a batch. */
export interface CloudEventRequest {
  readonly events: readonly CloudEvent[];
  readonly batch: boolean;
}

/** Bounds of {@link readCloudEvents}. */
export interface CloudEventLimits {
  readonly bodyBytes: number;
  readonly batchEvents: number;
}

const STRUCTURED = 'application/cloudevents+json';
const BATCH = 'application/cloudevents-batch+json';

/**
 * The events of a request in binary, structured or batch mode; `undefined` for a request that is none.
 *
 * Throws problems: 400 naming the attribute, 415 for another event format. Source: CloudEvents 1.0.2 HTTP binding section 3.
 */
export async function readCloudEvents(
  exchange: Exchange,
  limits: CloudEventLimits,
): Promise<CloudEventRequest | undefined> {
  const mediaType = mediaTypeOf(exchange);
  const headers = [...exchange.headerNames()].filter((name) => name.startsWith('ce-'));
  if (mediaType !== STRUCTURED && mediaType !== BATCH) {
    if (mediaType.startsWith('application/cloudevents')) {
      throw new HttpProblem(
        415,
        'EVENT_FORMAT_UNSUPPORTED',
        `The event format ${mediaType} is not taken.`,
        {
          hint: `Send ${STRUCTURED} or ${BATCH}.`,
        },
      );
    }
    return headers.length === 0 ? undefined : readBinary(exchange, headers, limits);
  }
  if (headers.length > 0) {
    const [first = ''] = headers;
    throw refuse(first.slice(3), '', 'stands in a header although the event is in the body');
  }
  const body = parseBody(await readBody(exchange, limits.bodyBytes), limits.bodyBytes);
  if (mediaType === STRUCTURED) return { events: [checkCloudEvent(body)], batch: false };
  if (!Array.isArray(body)) {
    throw new HttpProblem(400, 'CLOUD_EVENT_INVALID', 'A batch must be a JSON array of events.');
  }
  if (body.length > limits.batchEvents) {
    throw new HttpProblem(
      400,
      'BATCH_TOO_LARGE',
      `The batch has ${body.length} events; at most ${limits.batchEvents} are taken.`,
      { hint: 'Send several smaller batches.' },
    );
  }
  // All are checked before the first is dispatched, so that a bad batch has no effect.
  return { events: body.map((one, index) => checkCloudEvent(one, ` ${index}`)), batch: true };
}

async function readBinary(
  exchange: Exchange,
  headers: readonly string[],
  limits: CloudEventLimits,
): Promise<CloudEventRequest> {
  const given: [string, unknown][] = headers.map((name) => [
    name.slice(3),
    decodeHeader(exchange.header(name) ?? '', name.slice(3)),
  ]);
  const contentType = exchange.header('content-type');
  if (headers.includes('ce-datacontenttype')) {
    throw refuse('datacontenttype', '', 'is the header Content-Type in binary mode');
  }
  if (contentType !== undefined) given.push(['datacontenttype', contentType]);
  const event = checkAttributes(Object.fromEntries(given), '');
  const bytes = await readBody(exchange, limits.bodyBytes);
  if (bytes.byteLength === 0) return { events: [{ ...event, data: null }], batch: false };
  if (!isJson(mediaTypeOf(exchange))) {
    throw new HttpProblem(415, 'MEDIA_TYPE_UNSUPPORTED', 'The data of the event must be JSON.', {
      hint: 'Send the header Content-Type: application/json.',
    });
  }
  return { events: [{ ...event, data: parseBody(bytes, limits.bodyBytes) }], batch: false };
}

/** Characters beyond printable ASCII are percent-encoded UTF-8. Source: CloudEvents 1.0.2 HTTP binding section 3.1.3.2. */
function decodeHeader(value: string, attribute: string): string {
  try {
    return decodeURIComponent(value.replace(/%(?![0-9A-Fa-f]{2})/g, '%25'));
  } catch {
    throw refuse(attribute, '', 'is not percent-encoded UTF-8');
  }
}
