// @engramkit/agent/node: serving agents over WebSockets of a Node server, and over standard input and output. Named exports only.
export type { FileEventLogOptions } from './node/file-event-log.js';
export { fileEventLog } from './node/file-event-log.js';
export type { ArcpServer, ListenOptions } from './node/listen.js';
export { listenArcp } from './node/listen.js';
export type { MountedArcp, MountOptions } from './node/mount.js';
export { mountArcp } from './node/mount.js';
export { serveStdio } from './node/stdio.js';
