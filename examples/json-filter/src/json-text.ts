import { type JsonValue, parseJson } from 'engramkit';

/**
 * Looks for JSON that travels as text inside a payload, as the results of tools do: the payload itself, `text`, or the `text`
 * of the entries of `data`, `content` or a bare list.
 *
 * Several texts yield a list; without any, the payload comes back as it is.
 */
export function unwrapJsonText(payload: JsonValue): JsonValue {
  if (typeof payload === 'string') return parsed(payload) ?? payload;
  if (Array.isArray(payload)) return fromEntries(payload) ?? payload;
  if (typeof payload !== 'object' || payload === null) return payload;
  const { data, content, text } = payload as Readonly<Record<string, JsonValue | undefined>>;
  const nested = typeof content === 'object' && content !== null && 'data' in content;
  return (
    fromEntries(data) ??
    fromEntries(content) ??
    (nested ? fromEntries(content.data) : undefined) ??
    (typeof text === 'string' ? parsed(text) : undefined) ??
    payload
  );
}

function fromEntries(entries: JsonValue | undefined): JsonValue | undefined {
  if (!Array.isArray(entries)) return undefined;
  const found = entries.flatMap((entry: JsonValue) => {
    const text =
      typeof entry === 'object' && entry !== null && 'text' in entry ? entry.text : undefined;
    const value = typeof text === 'string' ? parsed(text) : undefined;
    return value === undefined ? [] : [value];
  });
  return found.length > 1 ? found : found[0];
}

/** The document in the text, if it is an object or a list in JSON. */
function parsed(text: string): JsonValue | undefined {
  if (!/^\s*[[{]/.test(text)) return undefined;
  try {
    return parseJson(text);
  } catch {
    return undefined; // Text that only looks like JSON is text.
  }
}
