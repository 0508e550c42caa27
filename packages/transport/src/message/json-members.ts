/** Where one member of a JSON object stands in its text: offsets of its value in bytes. */
export interface MemberRange {
  readonly key: string;
  readonly start: number;
  readonly end: number;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/**
 * The members at the top of a JSON object, without reading into their values.
 *
 * The bytes must be a well-formed object: whoever calls has parsed them. The values keep the digits of large numbers this way,
 * and are not written a second time.
 */
export function* membersOf(json: Buffer): Iterable<MemberRange> {
  let at = json.indexOf(0x7b) + 1;
  for (;;) {
    at = afterSpace(json, at);
    if (json[at] !== QUOTE) return;
    const keyStart = at;
    at = afterText(json, at);
    const key = keyOf(json, keyStart, at);
    at = afterSpace(json, at) + 1;
    const start = afterSpace(json, at);
    const end = afterValue(json, start);
    yield { key, start, end };
    at = afterSpace(json, end);
    if (json[at] !== 0x2c) return;
    at += 1;
  }
}

function keyOf(json: Buffer, start: number, end: number): string {
  const raw = json.toString('utf8', start + 1, end - 1);
  return raw.includes('\\') ? unescaped(raw) : raw;
}

const ESCAPES: Readonly<Record<string, string>> = {
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

function unescaped(raw: string): string {
  return raw.replace(/\\(?:u([0-9a-fA-F]{4})|(.))/g, (_, code: string | undefined, one: string) =>
    code === undefined ? (ESCAPES[one] ?? one) : String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function afterSpace(json: Buffer, from: number): number {
  let at = from;
  while (at < json.byteLength && (json[at] as number) <= 0x20) at += 1;
  return at;
}

/** The offset after the text that begins at `from`. */
function afterText(json: Buffer, from: number): number {
  let at = from + 1;
  for (;;) {
    const end = json.indexOf(QUOTE, at);
    if (end === -1) return json.byteLength;
    let backslashes = 0;
    while (json[end - 1 - backslashes] === BACKSLASH) backslashes += 1;
    at = end + 1;
    if (backslashes % 2 === 0) return at;
  }
}

/** The offset after the value that begins at `from`. */
function afterValue(json: Buffer, from: number): number {
  let depth = 0;
  let at = from;
  while (at < json.byteLength) {
    const octet = json[at] as number;
    if (octet === QUOTE) {
      at = afterText(json, at);
      if (depth === 0) return at;
      continue;
    }
    if (octet === 0x7b || octet === 0x5b) depth += 1;
    else if (octet === 0x7d || octet === 0x5d) {
      if (depth === 0) return at;
      depth -= 1;
      if (depth === 0) return at + 1;
    } else if (depth === 0 && (octet === 0x2c || octet <= 0x20)) return at;
    at += 1;
  }
  return at;
}
