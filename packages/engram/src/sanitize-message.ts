/** The longest message that is persisted, in bytes of UTF-8. Source: bobrapet-batch section 3.8. */
export const MAX_MESSAGE_BYTES = 8_192;

const REDACTED = '[REDACTED]';

// White space is what Go's regular expressions call so. Each expression ends where its value begins, at a character of the value.
// Source of both rules: bobrapet-batch section 3.8.
const HEADER =
  /\bauthorization[\t\n\f\r ]*:[\t\n\f\r ]*(?:basic|bearer)[\t\n\f\r ]+(?=[^\t\n\f\r ,;])/giu;
const HEADER_VALUE_END = /[\t\n\f\r ,;]/gu;
// A value that is the replacement text already stays, so that a second pass does not leave a stray bracket behind.
const KEY =
  /["']?(?:api[_-]?key|x-api-key|access[_-]?token|refresh[_-]?token|token|password|secret|client[_-]?secret|authorization)["']?[\t\n\f\r ]*[:=][\t\n\f\r ]*["']?(?!\[REDACTED\])(?=[^"'\\\t\n\f\r ,;{}\]&])/giu;
const KEY_VALUE_END = /["'\\\t\n\f\r ,;{}\]&]/gu;

/** Where a value stands in a text: from its first code unit up to, not including, `end`. */
interface ValueRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Makes a failure text fit to be persisted: credentials in header and key/value form become `[REDACTED]`, then the text is cut.
 *
 * `maxBytes` counts UTF-8 and cuts between characters; zero or less leaves the length alone. Both rules apply to
 * `Authorization: Bearer abc`, which gives `Authorization: [REDACTED] [REDACTED]`; readers know that form. A value that is
 * itself the name of a secret, as in `token= password: abc`, hides what belongs to that name too. Source: bobrapet-batch
 * section 3.8.
 */
export function sanitizeMessage(message: string, maxBytes: number = MAX_MESSAGE_BYTES): string {
  const ranges = [
    ...valueRanges(message, HEADER, HEADER_VALUE_END),
    ...valueRanges(message, KEY, KEY_VALUE_END),
  ].sort((left, right) => left.start - right.start);
  let redacted = '';
  let copied = 0;
  for (const { start, end } of ranges) {
    if (start >= copied) redacted += message.slice(copied, start) + REDACTED;
    copied = Math.max(copied, end);
  }
  return truncateUtf8(redacted + message.slice(copied), maxBytes);
}

/** The values that follow `key`, in order; names inside a value are found as well, and a value inside another is left out. */
function valueRanges(text: string, key: RegExp, valueEnd: RegExp): readonly ValueRange[] {
  const ranges: ValueRange[] = [];
  let end = 0;
  for (const match of text.matchAll(key)) {
    const start = match.index + match[0].length;
    if (start < end) continue;
    valueEnd.lastIndex = start;
    end = valueEnd.exec(text)?.index ?? text.length;
    ranges.push({ start, end });
  }
  return ranges;
}

/** The longest prefix of whole characters that fits into `maxBytes` of UTF-8; all of it when `maxBytes` is not positive. */
export function truncateUtf8(text: string, maxBytes: number): string {
  // No UTF-16 code unit takes more than three bytes of UTF-8.
  if (maxBytes <= 0 || text.length * 3 <= maxBytes) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}
