/** Values shorter than this are never searched for: they occur in any text. */
export const SHORTEST_REDACTED = 4;
/** Values shorter than this are only replaced where they stand as a word of their own. */
export const SHORTEST_SUBSTRING = 6;
/** Encoded forms shorter than this say too little to be searched for. */
const SHORTEST_ENCODED = 6;
/** A line of a longer secret, such as of a private key, is worth hiding from here on. */
const SHORTEST_LINE = 12;

/** One text to search for. */
export interface SecretForm {
  readonly text: string;
  /** Only where no letter or digit touches it. */
  readonly wholeWord: boolean;
}

/** Every form in which the values may turn up, longest first, each once. */
export function secretForms(values: readonly string[]): readonly SecretForm[] {
  const forms = new Map<string, boolean>();
  for (const value of values) {
    for (const plain of plainForms(value)) {
      if (plain.length < SHORTEST_REDACTED) continue;
      addForm(forms, plain, plain.length < SHORTEST_SUBSTRING);
      for (const encoded of encodedForms(plain)) {
        if (encoded.length >= SHORTEST_ENCODED) addForm(forms, encoded, false);
      }
    }
  }
  return [...forms]
    .map(([text, wholeWord]) => ({ text, wholeWord }))
    .sort((left, right) => right.text.length - left.text.length);
}

function addForm(forms: Map<string, boolean>, text: string, wholeWord: boolean): void {
  forms.set(text, wholeWord && forms.get(text) !== false);
}

/** The value, the value without the space around it, and its lines, which log collectors take apart. */
function plainForms(value: string): readonly string[] {
  const lines = value.split(/\r\n|\r|\n/);
  const secretLines =
    lines.length === 1
      ? []
      : lines.map((line) => line.trim()).filter((line) => line.length >= SHORTEST_LINE);
  // The frame of a key file is the same in every key file.
  return [value, value.trim(), ...secretLines.filter((line) => !line.startsWith('-----'))];
}

function encodedForms(value: string): readonly string[] {
  const wellFormed = value.replace(LONE_SURROGATES, '\ufffd');
  const percent = encodeURIComponent(wellFormed);
  const strict = percent.replace(/[!'()*]/g, percentByte);
  const everyByte = [...new TextEncoder().encode(wellFormed)]
    .map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('');
  const form = new URLSearchParams([['', wellFormed]]).toString().slice(1);
  const forms = [percent, strict, encodeURI(wellFormed), everyByte, form];
  return [
    ...forms.flatMap((text) => [text, text.replace(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())]),
    ...[percent, strict].map((text) => text.replaceAll('%20', '+')),
    JSON.stringify(value).slice(1, -1),
    asciiJson(value),
    ...base64Forms(wellFormed),
  ];
}

const LONE_SURROGATES = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

function percentByte(letter: string): string {
  return `%${letter.charCodeAt(0).toString(16).toUpperCase()}`;
}

function asciiJson(value: string): string {
  return JSON.stringify(value)
    .slice(1, -1)
    .replace(/[^\0-\x7f]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/**
 * Base64 of the value at each of the three places it can have in a longer text, as in `user:password`.
 *
 * The characters that also depend on neighbouring bytes are left out.
 */
function base64Forms(value: string): readonly string[] {
  const bytes = Buffer.from(value, 'utf8');
  const forms = [0, 1, 2].map((before) => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64url');
    const bits = (before + bytes.length) * 8;
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(bits / 6));
  });
  const padded = bytes.toString('base64');
  const whole = [padded, padded.replace(/=+$/, '')];
  return [...whole, ...[...whole, ...forms].flatMap((form) => [toStandard(form), toUrlSafe(form)])];
}

function toStandard(base64: string): string {
  return base64.replaceAll('-', '+').replaceAll('_', '/');
}

function toUrlSafe(base64: string): string {
  return base64.replaceAll('+', '-').replaceAll('/', '_');
}
