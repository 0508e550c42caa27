/**
 * The program of the watchdog's thread, as text: it must run from bundles and without a file of its own.
 *
 * It watches a counter in shared memory. When the counter stands still for the limit, it asks the debugger where the main
 * thread is and writes a line to standard error. When a guarded run is over its time while the main thread is blocked, it
 * writes the files it was given, stops the main thread through the debugger and ends the process with 124; code that even the
 * debugger cannot stop is killed. Plain JavaScript on purpose.
 */
export const watchdogProgram = `
'use strict';
const { workerData, parentPort } = require('node:worker_threads');
const { writeSync, writeFileSync, renameSync } = require('node:fs');
const { Session } = require('node:inspector');
const { beat, limitMs, checkMs, exitCode } = workerData;
const guards = new Map();
let seen = Atomics.load(beat, 0);
let seenAt = performance.now();
let reported = false;
let ending = false;

parentPort.on('message', (message) => {
  if (message.type === 'guard') guards.set(message.id, message);
  else guards.delete(message.id);
});

function say(fields) {
  try {
    writeSync(2, JSON.stringify({ level: 'WARN', time: new Date().toISOString(), ...fields }) + '\\n');
  } catch {}
}

function interrupt(onPaused) {
  const session = new Session();
  session.connectToMainThread();
  session.on('Debugger.paused', ({ params }) => {
    const frames = params.callFrames.slice(0, 12).map(({ functionName, url, location }) =>
      (functionName || '<anonymous>') + ' (' + url + ':' + (location.lineNumber + 1) + ':' + ((location.columnNumber || 0) + 1) + ')');
    onPaused(session, frames);
  });
  session.post('Debugger.enable');
  session.post('Debugger.pause');
  return session;
}

function report(blockedMs) {
  reported = true;
  let done = false;
  const session = interrupt((paused, frames) => {
    done = true;
    paused.post('Debugger.resume', () => paused.disconnect());
    say({ msg: 'the event loop is blocked', blockedMs: Math.round(blockedMs), at: frames[0] });
    parentPort.postMessage({ type: 'blocked', blockedMs, frames });
  });
  setTimeout(() => {
    if (done || ending) return;
    session.disconnect();
    say({ msg: 'the event loop is blocked', blockedMs: Math.round(blockedMs), at: 'native code' });
    parentPort.postMessage({ type: 'blocked', blockedMs, frames: [] });
  }, 1000);
}

function end(guard) {
  ending = true;
  for (const { path, content } of guard.files) {
    try {
      writeFileSync(path + '.watchdog.tmp', content);
      renameSync(path + '.watchdog.tmp', path);
    } catch (error) {
      say({ msg: 'the last words could not be written', path, error: String(error.message) });
    }
  }
  say({ level: 'ERROR', msg: guard.message });
  interrupt((session) => {
    // Standard error is closed first: the engine would print a line about the debugger.
    session.post('Runtime.evaluate', {
      expression: 'process.getBuiltinModule("node:fs").closeSync(2); process.reallyExit(' + exitCode + ')',
    });
  });
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), 1000);
}

setInterval(() => {
  const now = performance.now();
  const count = Atomics.load(beat, 0);
  if (count !== seen) {
    seen = count;
    seenAt = now;
    reported = false;
    return;
  }
  if (ending) return;
  const blockedMs = now - seenAt;
  if (blockedMs < 2 * checkMs) return;
  for (const guard of guards.values()) {
    if (Date.now() >= guard.endAtMs) return end(guard);
  }
  if (blockedMs >= limitMs && !reported) report(blockedMs);
}, checkMs);
`;
