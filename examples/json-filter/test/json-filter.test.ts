import { BatchHarness, BatchSuite, StreamHarness, StreamSuite } from '@engramkit/testing';
import { jsonMessage, messageJson, parseErrorMessage } from 'engramkit';
import { expect, test } from 'vitest';
import jsonFilter from '../src/json-filter.js';
import { select, valueAt } from '../src/selection.js';

const channels = {
  channels: [
    { id: 'C1', name: 'general', topic: { value: 'all' }, members: 12 },
    { id: 'C2', name: 'random', topic: { value: 'fun' }, members: 7 },
  ],
};

test('refuses empty inputs with the text that stories rely on', async () => {
  await new BatchSuite({
    engram: jsonFilter.batch,
    inputs: { parseJSONText: true },
    expectError: true,
    validateError: (error) => expect((error as Error).message).toBe('input is required'),
  }).run();
});

test('needs a selection', async () => {
  const run = new BatchHarness(jsonFilter.batch, {
    inputs: { input: [], parseJSONText: true },
  }).run();
  await expect(run).rejects.toThrow('select is required');
});

test.each([
  [{ itemsPath: 'channels' }, { value: channels.channels[0] }],
  [
    { itemsPath: 'channels', matchField: 'name', matchValue: 'random', valuePath: 'id' },
    { value: 'C2' },
  ],
  [
    {
      itemsPath: 'channels',
      matchField: 'members',
      matchValue: '7',
      valuePath: 'topic.value',
      outputKey: 'topic',
    },
    { topic: 'fun' },
  ],
  [{ itemsPath: 'channels', matchField: 'name', matchValue: 'none', requireMatch: false }, {}],
  [
    {
      itemsPath: 'channels',
      matchField: 'id',
      matchValue: 'C1',
      valuePath: 'name',
      includeItem: true,
    },
    { value: 'general', item: channels.channels[0] },
  ],
])('selects by %j', async (selection, expected) => {
  const harness = new BatchHarness(jsonFilter.batch, {
    inputs: { input: channels, select: selection, parseJSONText: true },
  });
  expect(await harness.run()).toEqual({ resultSelected: expected });
});

test.each([
  [{ itemsPath: 'absent' }, 'itemsPath not found: absent'],
  [{ itemsPath: 'channels[0].name' }, 'itemsPath is not a list: channels[0].name'],
  [{ itemsPath: 'channels', matchField: 'id', matchValue: 'C9' }, 'no match for id="C9"'],
  [{ itemsPath: 'channels', valuePath: 'topic.x' }, 'valuePath not found: topic.x'],
])('says what %j did not find', (selection, message) => {
  expect(() => select(channels, selection)).toThrow(message);
});

test('never reaches a prototype', () => {
  expect(valueAt({ a: {} }, 'a.constructor.name')).toBeUndefined();
  expect(valueAt({ a: [] }, 'a.length')).toBeUndefined();
  expect(valueAt({ a: [] }, 'a[__proto__]')).toBeUndefined();
});

test.each([
  ['the payload as text', JSON.stringify(channels)],
  ['a tool result', { content: [{ type: 'text', text: JSON.stringify(channels) }] }],
  ['data entries', { data: [{ text: JSON.stringify(channels) }, { text: 'no JSON' }] }],
  ['one text', { text: JSON.stringify(channels) }],
])('finds JSON in %s', async (_, input) => {
  const harness = new BatchHarness(jsonFilter.batch, {
    inputs: { input, select: { itemsPath: 'channels', valuePath: 'id' }, parseJSONText: true },
  });
  expect(await harness.run()).toEqual({ resultSelected: { value: 'C1' } });
});

test('keeps the contract of a streaming engram, and answers bad packets with errors', async () => {
  const selection = { itemsPath: 'channels', valuePath: 'id' };
  const suite = {
    engram: jsonFilter.streaming,
    config: {},
    inputs: [
      jsonMessage(
        { input: channels, select: selection },
        { messageId: 'm1', metadata: { trace: 't' } },
      ),
      jsonMessage({ select: selection }, { messageId: 'm2' }),
      jsonMessage({ input: channels, select: { itemsPath: 'absent' } }, { messageId: 'm3' }),
    ],
  };
  await new StreamSuite({
    ...suite,
    requireValidMessages: true,
    requireAllInputsDone: true,
    minOutputCount: 3,
  }).run();
  const [good, empty, absent] = await new StreamHarness(jsonFilter.streaming, suite).run();
  expect(good).toMatchObject({ kind: 'data', messageId: 'm1', metadata: { trace: 't' } });
  expect(good && messageJson(good)).toEqual({ resultSelected: { value: 'C1' } });
  expect(empty && parseErrorMessage(empty)?.message).toBe('input is required');
  expect(absent && parseErrorMessage(absent)?.message).toBe('itemsPath not found: absent');
});
