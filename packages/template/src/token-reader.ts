import { unquoteText } from './go/quote.js';
import { tokenize } from './lexer.js';
import { type Token, tokenText } from './token.js';

/** The template's name in messages. Source: bobrapet-batch section 2.4. */
export const TEMPLATE_NAME = 'bubu';
/** Parentheses and blocks may nest this deeply. */
const DEEPEST = 500;

/** A text that is not a template. */
export class ParseProblem extends Error {
  constructor(
    message: string,
    readonly line: number,
    /** The name of the function that is not there, if that is the problem. */
    readonly functionName: string | undefined = undefined,
    readonly isLimit = false,
  ) {
    super(message);
  }
}

/** Steps over the tokens of a template and reports what does not fit. */
export class TokenReader {
  protected readonly text: string;
  protected readonly hasFunction: (name: string) => boolean;
  protected readonly tokens: readonly Token[];
  /** Index of the next token, and of the furthest one that was looked at: errors name its line. */
  protected at = 0;
  protected furthest = 0;
  protected actionLine = 0;
  protected depth = 0;

  constructor(text: string, hasFunction: (name: string) => boolean) {
    this.text = text;
    this.hasFunction = hasFunction;
    this.tokens = tokenize(text);
  }

  protected token(index: number): Token {
    const last = this.tokens.length - 1;
    return this.tokens[Math.min(index, last)] ?? { kind: 'eof', value: '', at: 0, line: 1 };
  }

  protected next(): Token {
    const token = this.peek();
    this.at += 1;
    return token;
  }

  protected peek(): Token {
    if (this.at > this.furthest) this.furthest = this.at;
    return this.token(this.at);
  }

  protected nextSolid(): Token {
    while (this.peek().kind === 'space') this.at += 1;
    return this.next();
  }

  protected peekSolid(): Token {
    while (this.peek().kind === 'space') this.at += 1;
    return this.peek();
  }

  protected fail(message: string, functionName?: string): never {
    const { line } = this.token(this.furthest);
    throw new ParseProblem(`template: ${TEMPLATE_NAME}:${line}: ${message}`, line, functionName);
  }

  protected unexpected(token: Token, context: string): never {
    if (token.kind !== 'error') this.fail(`unexpected ${tokenText(token)} in ${context}`);
    let extra = '';
    if (this.actionLine !== 0 && this.actionLine !== token.line) {
      extra = ` in action started at ${TEMPLATE_NAME}:${this.actionLine}`;
      if (token.value.endsWith(' action')) extra = extra.slice(' in action'.length);
    }
    return this.fail(token.value + extra);
  }

  protected deeper<Value>(parse: () => Value): Value {
    this.depth += 1;
    if (this.depth > DEEPEST) {
      const { line } = this.token(this.furthest);
      throw new ParseProblem(
        `template: ${TEMPLATE_NAME}:${line}: max expression depth exceeded`,
        line,
        undefined,
        true,
      );
    }
    const value = parse();
    this.depth -= 1;
    return value;
  }

  protected quotedName(token: Token, context: string): string {
    if (token.kind !== 'string' && token.kind !== 'raw') this.unexpected(token, context);
    return unquoteText(token.value) ?? this.fail('invalid syntax');
  }

  protected expectRight(context: string): Token {
    const token = this.nextSolid();
    if (token.kind !== 'right') this.unexpected(token, context);
    return token;
  }
}
