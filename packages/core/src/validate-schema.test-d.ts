import * as z from 'zod';
import {
  type InferInput,
  type InferOutput,
  type JsonValue,
  parseJson,
  validateSchema,
} from './index.js';

const schema = z.object({ n: z.string().transform(Number), d: z.int().default(1) });

export async function typed(): Promise<void> {
  const value = await validateSchema(schema, {}, { what: 'it' });
  const n: number = value.n;
  const d: number = value.d;
  // @ts-expect-error The output has a number, not the text of the input.
  const text: string = value.n;
  // @ts-expect-error There is no such member.
  void value.other;
  void [n, d, text];

  const input: InferInput<typeof schema> = { n: '1' };
  const output: InferOutput<typeof schema> = { n: 1, d: 1 };
  // @ts-expect-error The default is filled in on the way out.
  const incomplete: InferOutput<typeof schema> = { n: 1 };
  void [input, output, incomplete];

  const json: JsonValue = parseJson('1');
  // @ts-expect-error Parsed JSON has no members until somebody has looked.
  void json.member;
  // @ts-expect-error Only text and bytes are parsed.
  parseJson({});
}
