import { PassThrough } from 'node:stream';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { manualClock } from '../../test/manual-clock.js';
import { createLogger, createRedaction, type LoggerOptions, wantsColors } from '../index.js';

function capture(options: Partial<LoggerOptions> = {}) {
  const written: string[] = [];
  const destination = { write: (text: string) => written.push(text) };
  const logger = createLogger({ destination, clock: manualClock(1_700_000_000_000), ...options });
  return {
    logger,
    text: async () => {
      await logger.flush();
      return written.join('');
    },
    lines: async (): Promise<Record<string, unknown>[]> => {
      await logger.flush();
      return written
        .join('')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
    },
  };
}

describe('JSON lines', () => {
  it('have time, level and message, then the fields of the logger and of the line', async () => {
    const { logger, lines } = capture({ bindings: { runId: 'r1' } });
    logger.child({ step: 's' }).warn('careful', { count: 2 });
    expect(await lines()).toEqual([
      {
        level: 'WARN',
        time: '2023-11-14T22:13:20.000Z',
        runId: 'r1',
        step: 's',
        count: 2,
        msg: 'careful',
      },
    ]);
  });

  it('leave out what is below the level', async () => {
    const { logger, lines } = capture({ level: 'warn' });
    logger.debug('no');
    logger.info('no');
    logger.error('yes');
    expect((await lines()).map(({ msg }) => msg)).toEqual(['yes']);
  });

  it('keep their own keys when a field has the same name', async () => {
    const { logger, lines } = capture();
    logger.info('real', { msg: 'false', time: 'never', level: 'none' });
    expect(await lines()).toEqual([
      expect.objectContaining({
        msg: 'real',
        level: 'INFO',
        msg_: 'false',
        time_: 'never',
        level_: 'none',
      }),
    ]);
  });

  it('are in order and complete, whether or not the library was there in time', async () => {
    const early = capture();
    early.logger.info('one');
    early.logger[Symbol.dispose]();
    early.logger.info('two');
    expect((await early.lines()).map(({ msg }) => msg)).toEqual(['one', 'two']);
  });

  it('are valid for any fields whatever, and never throw', async () => {
    const hostile = new Proxy(
      {},
      {
        ownKeys() {
          throw new Error('no keys');
        },
      },
    );
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    const { logger, lines } = capture();
    const error = new Error('outer', {
      cause: Object.assign(new Error('inner'), { code: 'EINNER' }),
    });
    logger.error('odd', {
      hostile,
      cyclic,
      big: 12n,
      nothing: undefined,
      nan: Number.NaN,
      call: () => 1,
      map: new Map([[1, 2]]),
      bytes: new Uint8Array(3),
      error,
      get broken(): never {
        throw new Error('getter');
      },
    });
    const [line] = await lines();
    expect(line).toMatchObject({
      cyclic: { self: '[Circular]' },
      big: '12',
      nan: 'NaN',
      call: '[function]',
      map: '[Map of 1]',
      bytes: '[3 bytes]',
      error: {
        name: 'Error',
        message: 'outer',
        stack: expect.any(String),
        cause: { message: 'inner', code: 'EINNER' },
      },
      broken: '[Unreadable]',
      hostile: '[Unreadable]',
    });
    await fc.assert(
      fc.asyncProperty(
        fc.string(),
        fc.dictionary(
          fc.string(),
          fc.anything({
            withBigInt: true,
            withDate: true,
            withMap: true,
            withSet: true,
            withTypedArray: true,
            withSparseArray: true,
            withNullPrototype: true,
          }),
        ),
        async (message, fields) => {
          const random = capture();
          random.logger.info(message, fields);
          const [found] = await random.lines();
          expect(found?.msg).toBe(message);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('never show a secret value, in message, fields, keys or errors, in any format', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ minLength: 12, maxLength: 40 }).filter((text) => text.trim().length >= 12),
        fc.constantFrom('json' as const, 'pretty' as const),
        async (secret, format) => {
          const redaction = createRedaction();
          const { logger, text } = capture({ redaction, format });
          redaction.add([secret]);
          logger.child({ bound: `a ${secret}` }).error(`b ${secret} c`, {
            deep: { list: [secret, encodeURIComponent(secret)] },
            error: new Error(secret),
            base64: Buffer.from(secret).toString('base64'),
          });
          const all = await text();
          expect(all).not.toContain(secret);
          expect(all).not.toContain(JSON.stringify(secret).slice(1, -1));
          expect(all).toContain('[REDACTED]');
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('lines for people', () => {
  it('are short, with fields as key=value and stacks below', async () => {
    const { logger, text } = capture({ format: 'pretty', colors: false });
    logger.info('loaded', { file: 'a.ts', words: 'two words', size: 3, gone: undefined });
    logger.error('failed', { error: new Error('boom') });
    const [first, second, third] = (await text()).split('\n');
    expect(first).toBe('22:13:20.000 INFO  loaded file=a.ts words="two words" size=3');
    expect(second).toBe('22:13:20.000 ERROR failed error="boom"');
    expect(third).toBe('    Error: boom');
  });

  it('leave out the fields that say nothing new, which JSON lines keep', async () => {
    const options = { prettyOmits: ['runId'], bindings: { runId: 'r1' } };
    const pretty = capture({ ...options, format: 'pretty', colors: false });
    pretty.logger.info('hello', { count: 2 });
    expect(await pretty.text()).toBe('22:13:20.000 INFO  hello count=2\n');
    const json = capture({ ...options, format: 'json' });
    json.logger.info('hello');
    expect(await json.lines()).toEqual([expect.objectContaining({ runId: 'r1' })]);
  });

  it('have colours only when asked for', async () => {
    const { logger, text } = capture({ format: 'pretty', colors: true });
    logger.warn('x');
    expect(await text()).toContain('\u001b[33mWARN \u001b[39m');
  });

  it('never let data control the terminal', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.string({ unit: 'binary' }),
        fc.string({ unit: 'binary' }),
        async (message, value) => {
          const { logger, text } = capture({ format: 'pretty', colors: false });
          logger.info(message, {
            [`k${value}`]: value,
            error: Object.assign(new Error(message), { stack: value }),
          });
          // biome-ignore lint/suspicious/noControlCharactersInRegex: their absence is the promise.
          expect((await text()).replaceAll('\n', '')).not.toMatch(/[\u0000-\u001f\u007f-\u009f]/);
        },
      ),
    );
  });

  it('are the default on a terminal, JSON elsewhere', async () => {
    const written: string[] = [];
    const terminal = { isTTY: true, write: (text: string) => written.push(text) };
    createLogger({ destination: terminal, colors: false }).info('hi');
    expect(written.join('')).toMatch(/^\d\d:\d\d:\d\d\.\d{3} INFO {2}hi\n$/);
  });
});

describe('the stream', () => {
  it('may go away: no line throws and no error is left unheard', async () => {
    const destination = new PassThrough();
    const logger = createLogger({ destination });
    destination.destroy(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
    await new Promise((resolve) => destination.once('close', resolve));
    logger.info('into the void');
    await logger.flush();
    logger[Symbol.dispose]();
    expect(destination.listenerCount('error')).toBe(0);
  });
});

describe('colours', () => {
  it.each<[Record<string, string>, boolean, boolean]>([
    [{}, true, true],
    [{}, false, false],
    [{ NO_COLOR: '1' }, true, false],
    [{ NO_COLOR: '' }, true, true],
    [{ FORCE_COLOR: '1' }, false, true],
    [{ FORCE_COLOR: '0' }, true, false],
    [{ NO_COLOR: '1', FORCE_COLOR: '1' }, true, false],
    [{ TERM: 'dumb' }, true, false],
  ])('with %j on a terminal %j: %j', (env, isTTY, wanted) => {
    expect(wantsColors(env, { isTTY })).toBe(wanted);
  });
});
