import { EngramkitError } from '@engramkit/core';

/** Where in a template and in a document something is wrong. */
export interface TemplatePosition {
  /** Line in the normalised template text, from 1. */
  readonly line?: number;
  /** Column in bytes in that line, from 0, as Go counts. */
  readonly column?: number;
  /** Path of the string in the resolved document, such as `$.with.url`. */
  readonly path?: string;
}

/** What a {@link TemplateError} is made of. */
export interface TemplateErrorOptions extends TemplatePosition {
  /** One of the codes that {@link TemplateError} lists. */
  readonly code: string;
  /** One sentence: what to do now. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * Something is wrong with a template or with the data that it reads.
 *
 * Codes: `TEMPLATE_SYNTAX`, `TEMPLATE_FUNCTION_BLOCKED`, `TEMPLATE_EXECUTION`, `TEMPLATE_MISSING_KEY`, `TEMPLATE_BLOCKED`,
 * `TEMPLATE_OFFLOADED`, `TEMPLATE_LIMIT`, `TEMPLATE_TIMEOUT`, `TEMPLATE_INVALID_VALUE`. The message carries the wording of Go's
 * `text/template` where it has one. Nothing here heals by trying again except `TEMPLATE_BLOCKED`, whose retry class is `safe`.
 */
export class TemplateError extends EngramkitError {
  static override readonly brand: string = 'TemplateError';

  readonly line: number | undefined;
  readonly column: number | undefined;
  readonly path: string | undefined;

  constructor(message: string, options: TemplateErrorOptions) {
    const { line, column, path } = options;
    super(message, {
      code: options.code,
      retry: options.code === 'TEMPLATE_BLOCKED' ? 'safe' : 'never',
      ...(options.hint === undefined ? {} : { hint: options.hint }),
      ...('cause' in options ? { cause: options.cause } : {}),
      details: {
        ...(path === undefined ? {} : { path }),
        ...(line === undefined ? {} : { line }),
        ...(column === undefined ? {} : { column }),
      },
    });
    this.line = line;
    this.column = column;
    this.path = path;
  }

  /** The same error, placed in a document: `prefix` goes before the message. */
  placed(path: string, prefix: string): TemplateError {
    const Same = this.constructor as typeof TemplateError;
    return new Same(prefix + this.message, {
      code: this.code,
      path,
      ...(this.line === undefined ? {} : { line: this.line }),
      ...(this.column === undefined ? {} : { column: this.column }),
      ...(this.hint === undefined ? {} : { hint: this.hint }),
      ...(this.cause === undefined ? {} : { cause: this.cause }),
    });
  }
}

/** The template waits for data of a step that is not there yet. Source: bobrapet-batch section 2.4. */
export class EvaluationBlockedError extends TemplateError {
  static override readonly brand: string = 'EvaluationBlockedError';

  static because(reason: string): EvaluationBlockedError {
    return new EvaluationBlockedError(`template evaluation blocked: ${reason}`, {
      code: 'TEMPLATE_BLOCKED',
      hint: 'Wait until the step has run, or name a step that the template can depend on.',
    });
  }
}

/** The template needs data that lies in storage and was not fetched. Source: bobrapet-batch section 2.4. */
export class OffloadedDataError extends TemplateError {
  static override readonly brand: string = 'OffloadedDataError';

  static because(
    reason: string,
    position: TemplatePosition & { readonly prefix?: string } = {},
  ): OffloadedDataError {
    const { prefix = '', ...place } = position;
    return new OffloadedDataError(`${prefix}offloaded data usage detected: ${reason}`, {
      ...place,
      code: 'TEMPLATE_OFFLOADED',
      hint: 'Fetch the stored value before the template is evaluated.',
    });
  }
}

/** A limit ended the evaluation: time, output bytes, depth, size. */
export class TemplateLimitError extends TemplateError {
  static override readonly brand: string = 'TemplateLimitError';
}

/** An error that a function of the dialect reports; the evaluator adds the place. */
export class FunctionError extends Error {}

/** A limit that a function ran into; the evaluator adds the place. */
export class FunctionLimitError extends Error {}

/** Data that a function needs but that lies in storage; the evaluator adds the place. */
export class FunctionOffloadedError extends Error {}
