import { describe, expect, it } from 'vitest';
import { secretSources } from './secret-flags.js';
import { UsageError } from './usage-error.js';

describe('secretSources', () => {
  it('reads variables and files, with paths from the directory', () => {
    expect(
      secretSources(['token=env:API_TOKEN', 'key=file:keys/a=b', 'pem=file:/etc/pem'], '/home/ada'),
    ).toEqual({ token: 'env:API_TOKEN', key: 'file:/home/ada/keys/a=b', pem: 'file:/etc/pem' });
  });

  it.each([
    [['token'], 'has no name'],
    [['=env:X'], 'has no name'],
    [['token=hunter2'], 'token names neither'],
    [['token=env:'], 'token names neither'],
    [['token='], 'token names neither'],
    [['a=env:X', 'a=env:Y'], 'names a twice'],
  ])('refuses %j and never repeats the value', (flags, message) => {
    try {
      secretSources(flags, '/home/ada');
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      const text = JSON.stringify(error);
      expect(text).toContain(message);
      expect(text).not.toContain('hunter2');
    }
  });
});
