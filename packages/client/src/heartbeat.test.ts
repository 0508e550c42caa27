import { manualClock } from '@engramkit/testing';
import { describe, expect, it } from 'vitest';
import { ScriptedRuntime, welcome } from '../test/scripted-runtime.js';

describe('heartbeats', () => {
  it('come from an idle client once an interval, and a silent runtime is given up after two', async () => {
    const clock = manualClock({ nowMs: 0 });
    let answering = true;
    const runtime = new ScriptedRuntime((frame, connection) => {
      if (frame.type === 'session.hello') welcome(connection, { heartbeat_interval_sec: 1 });
      if (frame.type === 'session.ping' && answering) {
        connection.send('session.pong', {
          ping_nonce: frame.payload.nonce,
          received_at: '2026-05-13T19:30:00Z',
        });
      }
    });
    const client = await runtime.connect({ clock, reconnect: false });
    const causes: string[] = [];
    client.on('disconnected', (cause) => causes.push(cause.code));
    const first = await runtime.connection(1);
    const pings = () => first.received.filter(({ type }) => type === 'session.ping');
    for (let step = 0; step < 50; step += 1) await clock.advance(100);
    expect(pings().length).toBeGreaterThanOrEqual(4);
    expect(pings().length).toBeLessThanOrEqual(6);
    expect(pings()[0]?.payload).toMatchObject({
      nonce: expect.any(String),
      sent_at: expect.stringMatching(/Z$/),
    });
    expect(causes).toEqual([]);
    answering = false;
    const silentFrom = clock.now();
    while (causes.length === 0 && clock.now() - silentFrom < 10_000) await clock.advance(100);
    expect(causes).toEqual(['HEARTBEAT_LOST']);
    expect(clock.now() - silentFrom).toBeGreaterThanOrEqual(1_000);
    expect(clock.now() - silentFrom).toBeLessThanOrEqual(3_500);
    expect(client.connected).toBe(false);
  });

  it('of the runtime are answered while a reader is busy', async () => {
    const runtime = new ScriptedRuntime();
    const client = await runtime.connect();
    const connection = await runtime.connection(1);
    const submitted = client.submit('echo');
    connection.accept(await connection.next('job.submit'), 'job_1');
    const reader = (await submitted).events[Symbol.asyncIterator]();
    connection.event('job_1', 1, 'log', { message: 'x' });
    await reader.next(); // The reader now sits on the event and asks for no other.
    connection.send('session.ping', { nonce: 'p_77', sent_at: '2026-05-13T19:30:00Z' });
    const pong = await connection.next('session.pong');
    expect(pong.payload).toMatchObject({
      ping_nonce: 'p_77',
      received_at: expect.stringMatching(/Z$/),
    });
    connection.cut();
    await client.close();
  });

  it('leave no timer behind when the client is closed', async () => {
    const clock = manualClock({ nowMs: 0 });
    const runtime = new ScriptedRuntime((frame, connection) => {
      if (frame.type === 'session.hello') welcome(connection, { heartbeat_interval_sec: 1 });
      if (frame.type === 'session.close')
        connection.send('session.closed', { request_id: frame.id });
    });
    const client = await runtime.connect({ clock });
    await client.close();
    expect(clock.pending).toEqual([]);
  });
});

describe('requests', () => {
  it('are given up after their timeout, and a late acceptance goes to nobody else', async () => {
    const clock = manualClock({ nowMs: 0 });
    const runtime = new ScriptedRuntime();
    const client = await runtime.connect({ clock, requestTimeoutMs: 1_000 });
    const connection = await runtime.connection(1);
    const first = client.submit('echo', 'first');
    const failed = expect(first).rejects.toMatchObject({ code: 'TIMEOUT' });
    await connection.next('job.submit');
    await clock.advance(1_000);
    await failed;
    const second = client.submit('echo', 'second');
    await connection.next('job.submit', (frame) => frame.payload.input === 'second');
    // No correlation at all: answers come in order, the first one for the submit that was given up.
    connection.send('job.accepted', { job_id: 'job_1', lease: {} }, { job_id: 'job_1' });
    connection.send('job.accepted', { job_id: 'job_2', lease: {} }, { job_id: 'job_2' });
    expect((await second).id).toBe('job_2');
  });
});
