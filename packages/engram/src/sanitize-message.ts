/** The longest message that is persisted, in bytes of UTF-8. Source: bobrapet-batch section 3.8. */
export const MAX_MESSAGE_BYTES = 8_192;

const REDACTED = '[REDACTED]';

// White space is what Go's regular expressions call so. Source of both rules: bobrapet-batch section 3.8.
const HEADER =
  /(\bauthorization[\t\n\f\r ]*:[\t\n\f\r ]*(?:basic|bearer)[\t\n\f\r ]+)[^\t\n\f\r ,;]+/giu;
// A value that is the replacement text already stays, so that a second pass does not leave a stray bracket behind.
const KEY_VALUE =
  /(["']?(?:api[_-]?key|x-api-key|access[_-]?token|refresh[_-]?token|token|password|secret|client[_-]?secret|authorization)["']?[\t\n\f\r ]*[:=][\t\n\f\r ]*["']?)(?!\[REDACTED\])[^"'\\\t\n\f\r ,;{}\]&]+/giu;

/**
 * Makes a failure text fit to be persisted: credentials in header and key/value form become `[REDACTED]`, then the text is cut.
 *
 * `maxBytes` counts UTF-8 and cuts between characters; zero or less leaves the length alone. After the first rule the text
 * `Authorization: Bearer [REDACTED]` matches the second, which gives `Authorization: [REDACTED] [REDACTED]`; readers know that
 * form. Source: bobrapet-batch section 3.8.
 */
export function sanitizeMessage(message: string, maxBytes: number = MAX_MESSAGE_BYTES): string {
  const redacted = message.replace(HEADER, `$1${REDACTED}`).replace(KEY_VALUE, `$1${REDACTED}`);
  return truncateUtf8(redacted, maxBytes);
}

/** The longest prefix of whole characters that fits into `maxBytes` of UTF-8; all of it when `maxBytes` is not positive. */
export function truncateUtf8(text: string, maxBytes: number): string {
  // No UTF-16 code unit takes more than three bytes of UTF-8.
  if (maxBytes <= 0 || text.length * 3 <= maxBytes) return text;
  const { read } = new TextEncoder().encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}
