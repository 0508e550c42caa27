/** Title forms that differ from the upper case. */
const TITLE: Readonly<Record<string, string>> = {
  Ǆ: 'ǅ',
  ǆ: 'ǅ',
  Ǉ: 'ǈ',
  ǉ: 'ǈ',
  Ǌ: 'ǋ',
  ǌ: 'ǋ',
  Ǳ: 'ǲ',
  ǳ: 'ǲ',
};
const SPACE =
  '\\t\\n\\v\\f\\r \\u0085\\u00a0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const IS_SPACE = new RegExp(`^[${SPACE}]$`);

/** `unicode.IsSpace`. */
export function isSpace(character: string): boolean {
  return IS_SPACE.test(character);
}

/** `unicode.ToUpper`: one character for one character. */
export function upperCharacter(character: string): string {
  if (isStray(character)) return '\ufffd';
  const upper = character.toUpperCase();
  if (isOne(upper)) return upper;
  const code = character.codePointAt(0) ?? 0;
  // Greek letters with an iota have a single upper form that JavaScript spells out as two letters.
  if (code >= 0x1f80 && code <= 0x1faf && (code & 8) === 0) return String.fromCodePoint(code + 8);
  if (code === 0x1fb3 || code === 0x1fc3 || code === 0x1ff3) return String.fromCodePoint(code + 9);
  return character;
}

/** `unicode.ToLower`: one character for one character. */
export function lowerCharacter(character: string): string {
  if (isStray(character)) return '\ufffd';
  if (character === 'İ') return 'i';
  const lower = character.toLowerCase();
  return isOne(lower) ? lower : character;
}

/** `unicode.ToTitle`. */
export function titleCharacter(character: string): string {
  return TITLE[character] ?? upperCharacter(character);
}

/** A byte that is not part of a character: what maps characters makes U+FFFD of it. */
function isStray(character: string): boolean {
  return character.length === 1 && character >= '\ud800' && character <= '\udfff';
}

function isOne(text: string): boolean {
  return text.length === 1 || (text.length === 2 && (text.codePointAt(0) ?? 0) > 0xffff);
}

const ASCII = /^[\u0020-\u007e]*$/;

/** `strings.ToUpper`. */
export function toUpper(text: string): string {
  return ASCII.test(text) ? text.toUpperCase() : Array.from(text, upperCharacter).join('');
}

/** `strings.ToLower`. */
export function toLower(text: string): string {
  return ASCII.test(text) ? text.toLowerCase() : Array.from(text, lowerCharacter).join('');
}

/** `strings.Title`: the first letter of each word in title case; letters, digits and underscores make words. */
export function toTitle(text: string): string {
  let previous = ' ';
  let out = '';
  for (const character of text) {
    out += isSeparator(previous) ? titleCharacter(character) : character;
    previous = character;
  }
  return out;
}

function isSeparator(character: string): boolean {
  if ((character.codePointAt(0) ?? 0) <= 0x7f) return !/^[A-Za-z0-9_]$/.test(character);
  if (/^[\p{L}\p{Nd}]$/u.test(character)) return false;
  return isSpace(character);
}

/** Lower-cases the first letter of each word; words are separated by spaces. */
export function untitle(text: string): string {
  let start = true;
  let out = '';
  for (const character of text) {
    if (isSpace(character)) {
      start = true;
      out += character;
    } else {
      out += start ? lowerCharacter(character) : character;
      start = false;
    }
  }
  return out;
}

function isConnector(character: string): boolean {
  return character === '-' || character === '_' || isSpace(character);
}

const isUpper = (character: string): boolean => /^\p{Lu}$/u.test(character);
const isPunctuation = (character: string): boolean => /^\p{P}$/u.test(character);
const isNumber = (character: string): boolean => /^\p{N}$/u.test(character);
const isLetter = (character: string): boolean => /^\p{L}$/u.test(character);

/** Words joined by connectors to `PascalCase`; connectors in front stay. */
export function pascalCase(text: string): string {
  const characters = [...text];
  let out = '';
  let at = 0;
  while (at < characters.length && isConnector(characters[at] ?? '')) out += characters[at++] ?? '';
  // A text of connectors only ends with its last one twice; the library that defines the function does that.
  if (at >= characters.length) return out + (characters.at(-1) ?? '');
  let current = characters[at] ?? '';
  at += 1;
  let wasUpper = isUpper(current);
  current = upperCharacter(current);
  for (; at < characters.length; at += 1) {
    const previous = current;
    current = characters[at] ?? '';
    if (isConnector(current) && isConnector(previous)) {
      out += previous;
    } else if (isConnector(previous)) {
      wasUpper = isUpper(current);
      current = upperCharacter(current);
    } else {
      if (wasUpper) {
        if (isUpper(current)) current = lowerCharacter(current);
        else wasUpper = false;
      }
      out += previous;
    }
  }
  return out + current;
}

type WordKind = 'number' | 'upper' | 'letters' | 'connector' | 'punctuation' | 'other' | 'none';

interface Word {
  readonly kind: WordKind;
  readonly text: string;
}

/** Splits a text where its kind of characters changes; a capital before small letters starts a word. */
function words(text: string): readonly Word[] {
  const characters = [...text];
  const found: Word[] = [];
  for (let at = 0; at < characters.length; ) {
    const first = characters[at] ?? '';
    let end = at + 1;
    const run = (belongs: (character: string) => boolean): void => {
      while (end < characters.length && belongs(characters[end] ?? '')) end += 1;
    };
    let kind: WordKind;
    if (isConnector(first)) {
      kind = 'connector';
      run(isConnector);
    } else if (isPunctuation(first)) {
      kind = 'punctuation';
      run(isPunctuation);
    } else if (isUpper(first)) {
      kind = 'upper';
      if (isUpper(characters[end] ?? '')) {
        run(isUpper);
        if (isLetter(characters[end] ?? '')) end -= 1;
      } else run((character) => isLetter(character) && !isUpper(character));
    } else if (isLetter(first)) {
      kind = 'letters';
      run((character) => isLetter(character) && !isUpper(character));
    } else if (isNumber(first)) {
      kind = 'number';
      run(isNumber);
    } else {
      kind = 'other';
      run(
        (character) =>
          !isConnector(character) &&
          !isLetter(character) &&
          !isNumber(character) &&
          !isPunctuation(character),
      );
    }
    found.push({ kind, text: characters.slice(at, end).join('') });
    at = end;
  }
  return found;
}

/** `snake_case` and `kebab-case`: lower case words with a connector, numbers kept with what they belong to. */
export function connectWords(text: string, connector: '_' | '-'): string {
  if (text === '') return '';
  const found = words(text);
  const none: Word = { kind: 'none', text: '' };
  let at = 0;
  let out = '';
  const take = (): Word => found[at++] ?? none;
  const isLast = (): boolean => at >= found.length;
  const put = (word: Word): void => {
    out += lowerWord(word, connector);
  };
  const separates = (word: Word): boolean =>
    word.kind !== 'none' && word.kind !== 'connector' && word.kind !== 'punctuation';
  let word = take();
  while (!isLast()) {
    if (word.kind !== 'connector') put(word);
    const previous = word;
    word = take();
    const swallow = (): void => {
      while (word.kind === 'letters' || word.kind === 'number') {
        put(word);
        word = take();
      }
      if (separates(word)) out += connector;
    };
    if (previous.kind === 'number') swallow();
    else if (previous.kind === 'connector') put(previous);
    else if (previous.kind !== 'punctuation') {
      if (word.kind !== 'number') {
        if (word.kind !== 'connector' && word.kind !== 'punctuation') out += connector;
      } else if (!isLast()) {
        const number = word;
        word = take();
        if (word.kind !== 'letters') {
          put(number);
          if (word.kind !== 'connector' && word.kind !== 'punctuation') out += connector;
        } else {
          out += connector;
          put(number);
          swallow();
        }
      }
    }
  }
  put(word);
  return out;
}

function lowerWord(word: Word, connector: string): string {
  if (word.kind !== 'upper' && word.kind !== 'connector') return word.text;
  return Array.from(word.text, (character) =>
    isConnector(character) ? connector : isUpper(character) ? lowerCharacter(character) : character,
  ).join('');
}
