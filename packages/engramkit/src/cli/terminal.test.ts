import { describe, expect, it } from 'vitest';
import { openTerminal, type TerminalStream } from './terminal.js';

class Stream implements TerminalStream {
  text = '';
  listener: (error: Error) => void = () => undefined;
  constructor(
    readonly isTTY: boolean,
    readonly fail?: { readonly how: 'throws' | 'emits'; readonly code: string },
  ) {}
  write(text: string, done?: (error?: Error | null) => void): boolean {
    const error = Object.assign(new Error(this.fail?.code), { code: this.fail?.code });
    if (this.fail?.how === 'throws') throw error;
    if (this.fail?.how === 'emits') {
      this.listener(error);
      done?.(error);
    } else {
      this.text += text;
      done?.();
    }
    return true;
  }
  on(_event: 'error', listener: (error: Error) => void): void {
    this.listener = listener;
  }
}

function paints(isTTY: boolean, env: Record<string, string>): boolean {
  const { stdout } = openTerminal({ stdout: new Stream(isTTY), stderr: new Stream(isTTY), env });
  return stdout.paint('red', 'x') !== 'x';
}

describe('openTerminal', () => {
  it.each([
    [true, {}, true],
    [false, {}, false],
    [true, { NO_COLOR: '1' }, false],
    [true, { NO_COLOR: '' }, true],
    [true, { TERM: 'dumb' }, false],
    [false, { FORCE_COLOR: '1' }, true],
    [true, { FORCE_COLOR: '0' }, false],
    [true, { NO_COLOR: '1', FORCE_COLOR: '1' }, true],
  ])('terminal %s with %j has colours: %s', (isTTY, env, expected) => {
    expect(paints(isTTY, env)).toBe(expected);
  });

  it.each(['throws', 'emits'] as const)('survives a closed pipe that %s', async (how) => {
    const stdout = new Stream(false, { how, code: 'EPIPE' });
    const terminal = openTerminal({ stdout, stderr: new Stream(false), env: {} });
    terminal.stdout.write('one');
    terminal.stdout.write('two');
    expect(await terminal.stdout.flush()).toBeUndefined();
  });

  it.each(['throws', 'emits'] as const)('keeps a full disk that %s for the end', async (how) => {
    const stdout = new Stream(false, { how, code: 'ENOSPC' });
    const terminal = openTerminal({ stdout, stderr: new Stream(false), env: {} });
    terminal.stdout.write('one');
    expect(await terminal.stdout.flush()).toMatchObject({ code: 'ENOSPC' });
  });
});
