import { quoteText } from './go/quote.js';
import { type Token, type TokenKind, unicodeName } from './token.js';

const KEYWORDS: ReadonlySet<string> = new Set(
  'block break continue define else end if range template with'.split(' '),
);
const LETTER = /[_\p{L}\p{Nd}]/u;

/** Splits a template into tokens; a lexical error is the last token. */
export function tokenize(text: string): readonly Token[] {
  return new Lexer(text).run();
}

class Lexer {
  readonly #text: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #start = 0;
  #line = 1;
  #startLine = 1;
  #parens = 0;

  constructor(text: string) {
    this.#text = text;
  }

  run(): readonly Token[] {
    for (;;) {
      const found = this.#outside();
      if (found === 'end') return this.#tokens;
      if (found === 'action') while (this.#inside());
    }
  }

  /** Text up to the next action or comment. */
  #outside(): 'action' | 'comment' | 'end' {
    const text = this.#text;
    const open = text.indexOf('{{', this.#at);
    if (open < 0) {
      this.#at = text.length;
      if (this.#at > this.#start) {
        this.#countLines();
        this.#emit('text');
      }
      this.#emit('eof');
      return 'end';
    }
    const trims = text[open + 2] === '-' && isSpace(text[open + 3]);
    if (open > this.#at) {
      let end = open;
      if (trims) while (end > this.#start && isSpace(text[end - 1])) end -= 1;
      this.#at = end;
      this.#countLines();
      if (end > this.#start) this.#emit('text');
      this.#at = open;
      this.#ignore();
    }
    this.#at = open + 2;
    if (text.startsWith('/*', this.#at + (trims ? 2 : 0))) return this.#comment(trims);
    this.#emit('left');
    if (trims) {
      this.#at += 2;
      this.#ignore();
    }
    this.#parens = 0;
    return 'action';
  }

  #comment(trims: boolean): 'comment' | 'end' {
    const text = this.#text;
    if (trims) this.#at += 2;
    this.#ignore();
    const close = text.indexOf('*/', this.#at + 2);
    if (close < 0) return this.#failComment('unclosed comment');
    this.#at = close + 2;
    const [right, trimsRight] = this.#atRight();
    if (!right) return this.#failComment('comment ends before closing delimiter');
    this.#at += trimsRight ? 4 : 2;
    if (trimsRight) while (isSpace(text[this.#at])) this.#at += 1;
    this.#ignore();
    return 'comment';
  }

  #atRight(): readonly [boolean, boolean] {
    const text = this.#text;
    if (
      isSpace(text[this.#at]) &&
      text[this.#at + 1] === '-' &&
      text.startsWith('}}', this.#at + 2)
    )
      return [true, true];
    return [text.startsWith('}}', this.#at), false];
  }

  #right(trims: boolean): false {
    if (trims) {
      this.#at += 2;
      this.#ignore();
    }
    this.#at += 2;
    this.#emit('right');
    if (trims) {
      while (isSpace(this.#text[this.#at])) this.#at += 1;
      this.#ignore();
    }
    return false;
  }

  /** One token of an action; false when the action or the text ended. */
  #inside(): boolean {
    const text = this.#text;
    const [right, trims] = this.#atRight();
    if (right) {
      if (this.#parens === 0) return this.#right(trims);
      this.#fail('unclosed left paren');
      return this.#stop();
    }
    const next = text[this.#at];
    if (next === undefined) {
      this.#fail('unclosed action');
      return this.#stop();
    }
    if (isSpace(next)) return this.#space();
    this.#at += 1;
    switch (next) {
      case '=':
        return this.#emit('assign');
      case ':':
        if (text[this.#at] !== '=') return this.#failed('expected :=');
        this.#at += 1;
        return this.#emit('declare');
      case '|':
        return this.#emit('pipe');
      case '"':
        return this.#quoted('"', 'string', 'unterminated quoted string');
      case "'":
        return this.#quoted("'", 'character', 'unterminated character constant');
      case '`':
        return this.#rawQuoted();
      case '$':
        return this.#atTerminator() ? this.#emit('variable') : this.#name('variable');
      case '(':
        this.#parens += 1;
        return this.#emit('leftParen');
      case ')':
        this.#parens -= 1;
        return this.#parens < 0 ? this.#failed('unexpected right paren') : this.#emit('rightParen');
      default:
        return this.#other(next);
    }
  }

  #other(next: string): boolean {
    const text = this.#text;
    if (next === '.' && this.#at < text.length && !isDigit(text[this.#at]))
      return this.#name('field');
    if (next === '.' || next === '+' || next === '-' || isDigit(next)) {
      this.#at -= 1;
      return this.#number();
    }
    const character = String.fromCodePoint(text.codePointAt(this.#at - 1) ?? 0);
    if (LETTER.test(character)) {
      this.#at -= 1;
      return this.#identifier();
    }
    if (next > ' ' && next <= '~') return this.#emit('char');
    this.#at += character.length - 1;
    return this.#failed(`unrecognized character in action: ${unicodeName(character)}`);
  }

  #space(): boolean {
    const text = this.#text;
    let end = this.#at;
    while (isSpace(text[end])) end += 1;
    // The last space may belong to a trimming right delimiter.
    const trims = text[end] === '-' && text.startsWith('}}', end + 1);
    if (trims && end - this.#at === 1) return this.#right(true);
    this.#advance(trims ? end - 1 : end);
    return this.#emit('space');
  }

  #identifier(): boolean {
    this.#letters();
    const word = this.#text.slice(this.#start, this.#at);
    if (!this.#atTerminator()) return this.#badCharacter();
    if (KEYWORDS.has(word)) return this.#emit('keyword');
    if (word === 'nil') return this.#emit('nil');
    return this.#emit(word === 'true' || word === 'false' ? 'bool' : 'identifier');
  }

  #name(kind: 'field' | 'variable'): boolean {
    if (this.#atTerminator()) return this.#emit(kind === 'variable' ? 'variable' : 'dot');
    this.#letters();
    return this.#atTerminator() ? this.#emit(kind) : this.#badCharacter();
  }

  #letters(): void {
    const text = this.#text;
    for (;;) {
      const code = text.codePointAt(this.#at);
      if (code === undefined) return;
      const character = String.fromCodePoint(code);
      if (!LETTER.test(character)) return;
      this.#at += character.length;
    }
  }

  #badCharacter(): boolean {
    const code = this.#text.codePointAt(this.#at);
    return this.#failed(
      `bad character ${code === undefined ? 'U+-001' : unicodeName(String.fromCodePoint(code))}`,
    );
  }

  #atTerminator(): boolean {
    const next = this.#text[this.#at];
    if (next === undefined || isSpace(next) || '.,|:)('.includes(next)) return true;
    return this.#text.startsWith('}}', this.#at);
  }

  #quoted(quote: string, kind: TokenKind, problem: string): boolean {
    const text = this.#text;
    for (;;) {
      const next = text[this.#at];
      if (next === undefined || next === '\n') return this.#failed(problem);
      this.#at += 1;
      if (next === quote) return this.#emit(kind);
      if (next !== '\\') continue;
      if (text[this.#at] === undefined || text[this.#at] === '\n') return this.#failed(problem);
      this.#at += 1;
    }
  }

  #rawQuoted(): boolean {
    const close = this.#text.indexOf('`', this.#at);
    if (close < 0) return this.#failed('unterminated raw quoted string');
    this.#advance(close + 1);
    return this.#emit('raw');
  }

  #number(): boolean {
    if (!this.#scanNumber())
      return this.#failed(
        `bad number syntax: ${quoteText(this.#text.slice(this.#start, this.#at))}`,
      );
    const sign = this.#text[this.#at];
    if (sign !== '+' && sign !== '-') return this.#emit('number');
    if (this.#scanNumber() && this.#text[this.#at - 1] === 'i') return this.#emit('complex');
    return this.#failed(`bad number syntax: ${quoteText(this.#text.slice(this.#start, this.#at))}`);
  }

  #scanNumber(): boolean {
    const scan =
      /[+-]?(?:0[xX][0-9a-fA-F_]*(?:\.[0-9a-fA-F_]*)?(?:[pP][+-]?[0-9_]*)?|0[oO][0-7_]*(?:\.[0-7_]*)?|0[bB][01_]*(?:\.[01_]*)?|[0-9_]*(?:\.[0-9_]*)?(?:[eE][+-]?[0-9_]*)?)i?/y;
    scan.lastIndex = this.#at;
    this.#at += scan.exec(this.#text)?.[0].length ?? 0;
    const code = this.#text.codePointAt(this.#at);
    if (code === undefined || !LETTER.test(String.fromCodePoint(code))) return true;
    this.#at += String.fromCodePoint(code).length;
    return false;
  }

  #advance(to: number): void {
    for (let at = this.#at; at < to; at += 1) if (this.#text[at] === '\n') this.#line += 1;
    this.#at = to;
  }

  #countLines(): void {
    for (let at = this.#start; at < this.#at; at += 1) if (this.#text[at] === '\n') this.#line += 1;
  }

  #ignore(): void {
    this.#countLines();
    this.#start = this.#at;
    this.#startLine = this.#line;
  }

  #emit(kind: TokenKind): true {
    this.#tokens.push({
      kind,
      value: this.#text.slice(this.#start, this.#at),
      at: this.#start,
      line: this.#startLine,
    });
    this.#start = this.#at;
    this.#startLine = this.#line;
    return true;
  }

  #fail(problem: string): void {
    this.#tokens.push({ kind: 'error', value: problem, at: this.#start, line: this.#startLine });
  }

  #failComment(problem: string): 'end' {
    this.#fail(problem);
    return 'end';
  }

  #failed(problem: string): boolean {
    this.#fail(problem);
    return this.#stop();
  }

  #stop(): false {
    // After an error nothing more is read: the outer loop finds the end of the text.
    this.#at = this.#text.length;
    this.#start = this.#at;
    return false;
  }
}

function isSpace(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\r' || character === '\n';
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= '0' && character <= '9';
}
