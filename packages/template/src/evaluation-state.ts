import { TemplateError, TemplateLimitError } from './errors.js';
import type { FunctionEnvironment, TemplateFunction } from './functions/signature.js';
import { byteLength } from './go/bytes.js';
import { quoteText } from './go/quote.js';
import { type AnyNode, nodeText, type ParsedTemplate } from './nodes.js';
import { TEMPLATE_NAME } from './token-reader.js';

/** What one evaluation may use. */
export interface EvaluationContext {
  readonly functions: ReadonlyMap<string, TemplateFunction>;
  readonly environment: FunctionEnvironment;
  /** Most bytes of output, 0 for no limit. */
  readonly maxOutputBytes: number;
}

const STEPS_PER_CHECK = 255;

/** Where one evaluation is: its output, its variables, and the node that messages name. */
export class EvaluationState {
  protected readonly template: ParsedTemplate;
  protected readonly context: EvaluationContext;
  protected out = '';
  protected steps = 0;
  protected depth = 0;
  protected node: AnyNode;
  protected templateName = TEMPLATE_NAME;
  /** Variables by position: names, values, and whether the value is seen as an `interface {}`. */
  protected names: string[] = [];
  protected values: unknown[] = [];
  protected boxed: boolean[] = [];

  constructor(template: ParsedTemplate, context: EvaluationContext) {
    this.template = template;
    this.context = context;
    this.node = template.root;
  }

  protected place(): { readonly line: number; readonly column: number } {
    const before = this.template.text.slice(0, this.node.at);
    const lineStart = before.lastIndexOf('\n') + 1;
    let line = 1;
    for (let at = before.indexOf('\n'); at >= 0; at = before.indexOf('\n', at + 1)) line += 1;
    return { line, column: byteLength(before.slice(lineStart)) };
  }

  /** The beginning of every message: where it happened, in Go's words. */
  protected prefix(place: { readonly line: number; readonly column: number }): string {
    const at = `${TEMPLATE_NAME}:${place.line}:${place.column}`;
    return `template: ${at}: executing ${quoteText(this.templateName)} at <${nodeText(this.node)}>: `;
  }

  protected fail(message: string, cause?: unknown): never {
    const place = this.place();
    throw new TemplateError(this.prefix(place) + message, {
      ...place,
      code: 'TEMPLATE_EXECUTION',
      hint: 'Check the types of the values that this action reads.',
      ...(cause === undefined ? {} : { cause }),
    });
  }

  protected limit(message: string, cause?: unknown): TemplateLimitError {
    const place = this.place();
    return new TemplateLimitError(this.prefix(place) + message, {
      ...place,
      code: 'TEMPLATE_LIMIT',
      hint: 'Make the template or its values smaller.',
      ...(cause === undefined ? {} : { cause }),
    });
  }

  protected step(): void {
    this.steps += 1;
    if ((this.steps & STEPS_PER_CHECK) === 0) this.context.environment.checkpoint();
  }

  protected write(text: string): void {
    const { maxOutputBytes } = this.context;
    // A UTF-16 unit is at most three bytes, so most outputs need no exact count.
    if (maxOutputBytes > 0 && (this.out.length + text.length) * 3 > maxOutputBytes) {
      const written = byteLength(this.out);
      const added = byteLength(text);
      if (written + added > maxOutputBytes) {
        throw new TemplateLimitError(
          `template output exceeds max bytes (current=${written}, writing=${added}, max=${maxOutputBytes})`,
          {
            ...this.place(),
            code: 'TEMPLATE_LIMIT',
            hint: 'Render less, or raise BUBU_TEMPLATE_MAX_OUTPUT_BYTES.',
          },
        );
      }
    }
    this.out += text;
  }

  protected pop(mark: number): void {
    this.names.length = mark;
    this.values.length = mark;
    this.boxed.length = mark;
  }

  protected find(name: string): number {
    const at = this.names.lastIndexOf(name);
    if (at < 0) this.fail(`undefined variable: ${name}`);
    return at;
  }

  protected assign(name: string, value: unknown, boxed: boolean): void {
    const at = this.find(name);
    this.values[at] = value;
    this.boxed[at] = boxed;
  }
}
