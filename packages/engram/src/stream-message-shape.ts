/**
 * What is wrong with the types of a message, for callers without a type checker; `undefined` when they are right.
 *
 * The rules of the wire take the types for granted, so this comes before them.
 */
export function shapeProblem(message: unknown): string | undefined {
  if (!isRecord(message)) return 'stream message must be an object';
  const { kind, messageId, timestampMs, metadata, payload, inputs, transports, envelope } = message;
  return (
    problem('stream message kind', 'a text', kind, isText) ??
    problem('stream message message_id', 'a text', messageId, isText) ??
    problem('stream message timestamp', 'a number of milliseconds', timestampMs, isNumber) ??
    problem('stream message metadata', 'an object of texts', metadata, isTextRecord) ??
    problem('stream message payload', 'bytes (use jsonMessage for JSON)', payload, isBytes) ??
    problem('stream message inputs', 'bytes', inputs, isBytes) ??
    problem(
      'stream message transports',
      'a list of objects with a name',
      transports,
      isTransports,
    ) ??
    problem('stream message envelope', 'an object', envelope, isRecord) ??
    frameProblem(message)
  );
}

function frameProblem(message: Readonly<Record<string, unknown>>): string | undefined {
  for (const name of ['audio', 'video', 'binary'] as const) {
    const frame = message[name];
    if (frame === undefined) continue;
    const what = `${name} frame`;
    if (!isRecord(frame)) return `${what} must be an object`;
    const required = name === 'audio' ? [frame.sampleRateHz, frame.channels] : [];
    const found =
      problem(`${what} payload`, 'bytes', name === 'audio' ? frame.pcm : frame.payload, isBytes) ??
      problem(`${what} codec`, 'a text', frame.codec, isText) ??
      problem(`${what} mime type`, 'a text', frame.mimeType, isText) ??
      problem(`${what} timestamp`, 'a number of milliseconds', frame.timestampMs, isNumber) ??
      problem(
        `${what} width and height`,
        'whole numbers',
        [frame.width ?? 0, frame.height ?? 0],
        isIntegers,
      ) ??
      problem(`${what} sample rate and channels`, 'whole numbers', required, isIntegers);
    if (found !== undefined) return found;
  }
  return undefined;
}

function problem(
  what: string,
  expected: string,
  value: unknown,
  isRight: (value: unknown) => boolean,
): string | undefined {
  return value === undefined || isRight(value) ? undefined : `${what} must be ${expected}`;
}

function isText(value: unknown): boolean {
  return typeof value === 'string';
}

function isNumber(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value);
}

function isIntegers(value: unknown): boolean {
  return Array.isArray(value) && value.every(Number.isSafeInteger);
}

function isBytes(value: unknown): boolean {
  return value instanceof Uint8Array;
}

function isTextRecord(value: unknown): boolean {
  return isRecord(value) && Object.values(value).every(isText);
}

function isTransports(value: unknown): boolean {
  return Array.isArray(value) && value.every((item) => isRecord(item) && isText(item.name));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
