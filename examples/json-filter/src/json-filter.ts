import {
  defineBatch,
  defineEngram,
  defineStreaming,
  errorMessage,
  type JsonValue,
  jsonMessage,
  messageInputs,
  messageJson,
  type StreamMessage,
} from 'engramkit';
import * as z from 'zod';
import { unwrapJsonText } from './json-text.js';
import { type Selected, select } from './selection.js';

const Inputs = z.object({
  input: z.json().optional().describe('The payload, inline or offloaded.'),
  select: z
    .object({
      itemsPath: z.string().optional().describe('Path to the list of items.'),
      matchField: z.string().optional().describe('Path within an item that is compared.'),
      matchValue: z.string().optional().describe('What it must equal.'),
      valuePath: z.string().optional().describe('Path to the value within the item.'),
      outputKey: z.string().optional().describe('Key of the value in the result.'),
      includeItem: z.boolean().optional().describe('Whether the item goes along.'),
      requireMatch: z.boolean().optional().describe('Whether no match is an error.'),
    })
    .optional(),
  parseJSONText: z.boolean().default(true).describe('Whether JSON inside of text is parsed.'),
});
const Output = z.object({ resultSelected: z.record(z.string(), z.unknown()) });

const about = {
  name: 'json-filter',
  version: '1.0.0',
  description: 'Selects one small value out of a large JSON payload.',
  config: z.strictObject({}),
  inputs: Inputs,
  output: Output,
} as const;

/** The same work in both modes. The texts of the first two errors are part of the contract with existing stories. */
function filter(inputs: z.infer<typeof Inputs>): { resultSelected: Selected } {
  if (inputs.input === undefined || inputs.input === null) throw new Error('input is required');
  if (inputs.select === undefined) throw new Error('select is required');
  const payload = inputs.input as JsonValue;
  const root = inputs.parseJSONText ? unwrapJsonText(payload) : payload;
  return { resultSelected: select(root, inputs.select) };
}

const batch = defineBatch({
  ...about,
  process(inputs, { logger }) {
    const output = filter(inputs);
    logger.info('selected', { keys: Object.keys(output.resultSelected) });
    return output;
  },
});

const streaming = defineStreaming({
  ...about,
  async stream(inbound, out, { logger }) {
    for await (const message of inbound) {
      const reply = replyTo(message);
      logger.debug('packet answered', { kind: reply.kind, messageId: message.messageId });
      await out.send(reply);
      message.done();
    }
  },
});

/** One packet in, one packet out: a packet that cannot be filtered is answered with its error, and the stream goes on. */
function replyTo(message: StreamMessage): StreamMessage {
  const { messageId, metadata } = message;
  // What ties the answer to the question travels along; the step's inputs must not (the next step has its own).
  const fields = {
    ...(messageId === undefined ? {} : { messageId }),
    ...(metadata === undefined ? {} : { metadata }),
  };
  try {
    // The step's own inputs win over the payload: a story may set the selection once for all packets.
    const raw = messageInputs(message) ?? messageJson(message) ?? {};
    return jsonMessage(filter(Inputs.parse(raw)), fields);
  } catch (error) {
    return errorMessage(error instanceof Error ? error : new Error(String(error)), fields);
  }
}

export default defineEngram({ batch, streaming });
