import type { Logger } from '@engramkit/engram';

const nothing = (): void => undefined;

/** A logger that writes nothing. */
export const silentLogger: Logger = Object.freeze({
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  child: (): Logger => silentLogger,
});
