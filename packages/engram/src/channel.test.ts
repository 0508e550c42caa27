import { getEventListeners } from 'node:events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Channel, createChannel } from './index.js';

async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false;
  const mark = (): void => {
    done = true;
  };
  promise.then(mark, mark);
  for (let turn = 0; turn < 10; turn++) await undefined;
  return done;
}

async function all<Value>(channel: Channel<Value>): Promise<Value[]> {
  const values: Value[] = [];
  for await (const value of channel) values.push(value);
  return values;
}

describe('a channel', () => {
  it('accepts up to its capacity and then lets senders wait, in order', async () => {
    const channel = createChannel<number>(2);
    await channel.send(1);
    await channel.send(2);
    const third = channel.send(3);
    const fourth = channel.send(4);
    expect(await settled(third)).toBe(false);
    expect(await channel.receive()).toEqual({ done: false, value: 1 });
    expect(await settled(third)).toBe(true);
    expect(await settled(fourth)).toBe(false);
    expect(channel.size).toBe(2);
    expect((await channel.receive()).value).toBe(2);
    channel.close();
    expect(await all(channel)).toEqual([3, 4]);
    await fourth;
  });

  it('of capacity 0 hands over from sender to receiver', async () => {
    const channel = createChannel<string>(0);
    const sent = channel.send('a');
    expect(await settled(sent)).toBe(false);
    expect((await channel.receive()).value).toBe('a');
    await sent;
    const received = channel.receive();
    await channel.send('b');
    expect((await received).value).toBe('b');
  });

  it('delivers what was accepted before it was closed, and rejects what was not', async () => {
    const channel = createChannel<number>(1);
    await channel.send(1);
    const waiting = channel.send(2);
    channel.close();
    await expect(waiting).rejects.toMatchObject({ code: 'CHANNEL_CLOSED' });
    await expect(channel.send(3)).rejects.toMatchObject({ code: 'CHANNEL_CLOSED' });
    expect(await all(channel)).toEqual([1]);
    expect(await channel.receive()).toEqual({ done: true, value: undefined });
  });

  it('wakes receivers when it is closed', async () => {
    const channel = createChannel<number>(1);
    const received = [channel.receive(), channel.receive()];
    channel.close();
    expect((await Promise.all(received)).map(({ done }) => done)).toEqual([true, true]);
  });

  it('fails both sides with the reason, once', async () => {
    const channel = createChannel<number>(1);
    const reason = new Error('connection lost');
    await channel.send(1);
    const sent = channel.send(2);
    channel.fail(reason);
    channel.fail(new Error('later'));
    channel.close();
    await expect(sent).rejects.toBe(reason);
    await expect(channel.receive()).rejects.toBe(reason);
    await expect(channel.send(3)).rejects.toBe(reason);
    const idle = createChannel<number>(0);
    const received = idle.receive();
    idle.fail(reason);
    await expect(received).rejects.toBe(reason);
  });

  it('goes on in a second loop after the first was left', async () => {
    const channel = createChannel<number>(3);
    for (const value of [1, 2, 3]) await channel.send(value);
    channel.close();
    for await (const value of channel) {
      expect(value).toBe(1);
      break;
    }
    expect(await all(channel)).toEqual([2, 3]);
  });

  it('lets an aborted side go without losing or repeating a value, and leaves no listener behind', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const channel = createChannel<number>(1);
    await channel.send(1, { signal });
    const sent = channel.send(2, { signal });
    const empty = createChannel<number>(1);
    const received = empty.receive({ signal });
    expect(getEventListeners(signal, 'abort')).toHaveLength(2);
    controller.abort(new Error('enough'));
    await expect(sent).rejects.toThrow('enough');
    await expect(received).rejects.toThrow('enough');
    await expect(channel.send(3, { signal })).rejects.toThrow('enough');
    await expect(channel.receive({ signal })).rejects.toThrow('enough');
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
    await empty.send(9);
    expect((await empty.receive()).value).toBe(9);
    channel.close();
    expect(await all(channel)).toEqual([1]);
  });

  it('puts one listener on a signal, however many wait with it', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const channel = createChannel<number>(0);
    const sent = Array.from({ length: 100 }, (_, value) => channel.send(value, { signal }));
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    expect((await channel.receive()).value).toBe(0);
    controller.abort(new Error('enough'));
    const outcomes = await Promise.allSettled(sent);
    expect(outcomes.filter(({ status }) => status === 'rejected')).toHaveLength(99);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it('leaves no listener behind over ten thousand waits', async () => {
    const { signal } = new AbortController();
    const channel = createChannel<number>(0);
    for (let count = 0; count < 5_000; count++) {
      const received = channel.receive({ signal });
      await channel.send(count, { signal });
      await received;
      const sent = channel.send(count, { signal });
      await channel.receive({ signal });
      await sent;
    }
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });

  it.each([-1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])(
    'needs a capacity, not %d',
    (capacity) => {
      expect(() => createChannel(capacity)).toThrow(
        expect.objectContaining({ code: 'INVALID_CHANNEL_CAPACITY' }),
      );
    },
  );

  it('delivers every accepted value once and in order, whatever the sides do', async () => {
    const step = fc.constantFrom('send', 'receive', 'abort-send', 'abort-receive');
    await fc.assert(
      fc.asyncProperty(
        fc.nat({ max: 3 }),
        fc.array(step, { maxLength: 60 }),
        async (capacity, steps) => {
          const channel = createChannel<number>(capacity);
          const accepted: number[] = [];
          const received: number[] = [];
          const pending: Promise<unknown>[] = [];
          const take = ({ done, value }: IteratorResult<number, undefined>): void => {
            if (done !== true) received.push(value);
          };
          let next = 0;
          for (const action of steps) {
            const controller = new AbortController();
            const { signal } = controller;
            if (action === 'send' || action === 'abort-send') {
              const value = next++;
              pending.push(
                channel.send(value, { signal }).then(
                  () => accepted.push(value),
                  () => {},
                ),
              );
            } else {
              pending.push(channel.receive({ signal }).then(take, () => {}));
            }
            if (action.startsWith('abort')) controller.abort();
          }
          channel.close();
          for (const value of await all(channel)) received.push(value);
          await Promise.all(pending);
          expect(received).toEqual([...accepted].sort((left, right) => left - right));
        },
      ),
    );
  });
});
