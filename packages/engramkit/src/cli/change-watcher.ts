import { createHash } from 'node:crypto';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Clock, Timer } from '@engramkit/core';

/** Waits for changes of a set of files. */
export interface ChangeWatcher extends Disposable {
  /** The files from now on; contents as they are now count as known. */
  follow(files: ReadonlySet<string>): void;
  /** Resolves with the files whose content differs from what was known; rejects when the signal aborts. */
  changed(signal: AbortSignal): Promise<readonly string[]>;
}

/** Editors write in several steps; what happens within this time is one change. */
const SETTLE_MS = 60;

/**
 * Watches the folders of the files, so that editors which replace files are seen, and compares contents, so that a save without
 * a change is none.
 */
export function watchForChanges(clock: Clock): ChangeWatcher {
  const folders = new Map<string, FSWatcher>();
  let known = new Map<string, string>();
  let timer: Timer | undefined;
  let wake: (() => void) | undefined;

  const onEvent = (): void => {
    timer?.cancel();
    timer = clock.setTimer(() => wake?.(), SETTLE_MS);
  };
  const differing = (): string[] =>
    [...known].filter(([file, digest]) => digestOf(file) !== digest).map(([file]) => file);

  return {
    follow(files) {
      known = new Map([...files].map((file) => [file, digestOf(file)]));
      const wanted = new Set([...files].map((file) => dirname(file)));
      for (const [folder, watcher] of folders) {
        if (wanted.has(folder)) continue;
        watcher.close();
        folders.delete(folder);
      }
      for (const folder of wanted) {
        if (folders.has(folder)) continue;
        const watcher = watch(folder, (_event, name) => {
          if (name === null || known.has(join(folder, name))) onEvent();
        });
        watcher.on('error', onEvent); // The folder is gone; the next look says what is left.
        folders.set(folder, watcher);
      }
    },
    changed: (signal) =>
      new Promise((resolve, reject) => {
        const stop = (): void => {
          wake = undefined;
          reject(signal.reason);
        };
        if (signal.aborted) {
          stop();
          return;
        }
        const look = (): void => {
          const files = differing();
          if (files.length === 0) return;
          wake = undefined;
          signal.removeEventListener('abort', stop);
          resolve(files);
        };
        wake = look;
        signal.addEventListener('abort', stop, { once: true });
        look();
      }),
    [Symbol.dispose]() {
      timer?.cancel();
      for (const watcher of folders.values()) watcher.close();
      folders.clear();
    },
  };
}

function digestOf(file: string): string {
  try {
    return createHash('sha256').update(readFileSync(file)).digest('base64');
  } catch {
    return 'absent'; // Between two steps of an editor, or removed.
  }
}
