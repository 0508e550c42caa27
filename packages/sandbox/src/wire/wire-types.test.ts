import type { JsonValue } from '@engramkit/core';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  capability,
  checkSessionId,
  DEFAULT_LIMITS,
  errorObject,
  errorResult,
  parseRunRequest,
  readCapability,
  readPartialLimits,
  readRunRequest,
  readRunResult,
  readSessionMeta,
  runRequest,
  SandboxError,
} from '../index.js';

const json = (value: unknown): JsonValue => JSON.parse(JSON.stringify(value));

describe('the wire types', () => {
  it('write every member in the order of the contract, absent ones as null', () => {
    expect(JSON.stringify(runRequest('s', '1'))).toBe(
      '{"session_id":"s","language":"python","code":"1","inputs":{},"timeout_ms":null,"limits":null,"return_snapshot":false,"validate_only":false}',
    );
    expect(JSON.stringify(errorResult('timeout', errorObject('TIMEOUT_WALL', 'late')))).toBe(
      '{"status":"timeout","result":null,"stdout":"","stderr":"","diagnostics":[{"severity":"error","code":"TIMEOUT_WALL","message":"late","hint":null,"span":null}],"external_calls":[],"snapshot_id":null,"metrics":{"duration_ms":0,"memory_peak_bytes":0,"instructions":0,"external_calls_count":0},"error":{"code":"TIMEOUT_WALL","message":"late","hint":null,"span":null}}',
    );
    expect(JSON.stringify(capability('a', 'b', 'external_system'))).toBe(
      '{"name":"a","description":"b","input_schema":{"type":"array"},"output_schema":{},"side_effect":"external_system","limits":{"timeout_ms":5000,"max_request_bytes":1048576,"max_response_bytes":1048576,"concurrency":16,"rate_per_min":null},"approval_policy":"none","idempotent":true}',
    );
    expect(JSON.stringify(DEFAULT_LIMITS)).toBe(
      '{"memory_mb":64,"cpu_ms":2000,"wall_ms":5000,"max_stdout_bytes":65536,"max_external_calls":32,"max_stack_depth":256}',
    );
  });

  it('come back from JSON as they were', () => {
    const rule = capability('a', 'b', 'read', { approval_policy: { auto: { rule: 'r' } } });
    expect(readCapability(json(rule))).toEqual(rule);
    const failed = errorResult('cancelled', errorObject('CANCELLED', 'x'));
    const result = { ...failed, pending_approvals: [] };
    expect(readRunResult(json(result))).toEqual(result);
    const meta = {
      id: 's',
      created_at: 1,
      last_used_at: 2,
      language: 'type_script',
      limits: DEFAULT_LIMITS,
      snapshot_version: 1,
    };
    expect(readSessionMeta(json(meta))).toEqual(meta);
  });

  it.each([
    ['python', 'python'],
    ['Python', 'python'],
    ['typescript', 'type_script'],
    ['TypeScript', 'type_script'],
    ['type_script', 'type_script'],
  ])('read the language word %s', (word, language) => {
    expect(readRunRequest({ language: word }).language).toBe(language);
  });

  it.each([
    ['', false],
    ['a', true],
    ['a'.repeat(63), true],
    ['a'.repeat(64), true],
    ['a'.repeat(65), false],
    ['é', false],
    ['a b', false],
    ['A_b-9', true],
    ['a\n', false],
  ])('take the session id %j: %s', (id, good) => {
    if (good) expect(checkSessionId(id)).toBe(id);
    else expect(() => checkSessionId(id)).toThrow('Session id must match ^[a-zA-Z0-9_\\-]{1,64}$.');
  });

  it.each([
    ['{', 'INVALID_ARGUMENT'],
    ['[]', 'INVALID_ARGUMENT'],
    ['{"session_id":5}', 'INVALID_ARGUMENT'],
    ['{"session_id":"a b"}', 'INVALID_SESSION_ID'],
    ['{"language":"ruby"}', 'INVALID_ARGUMENT'],
    ['{"timeout_ms":-1}', 'INVALID_ARGUMENT'],
    ['{"timeout_ms":4294967296}', 'INVALID_ARGUMENT'],
    ['{"timeout_ms":1.5}', 'INVALID_ARGUMENT'],
    ['{"limits":{}}', 'INVALID_ARGUMENT'],
    ['{"inputs":{"a-b":1}}', 'INVALID_ARGUMENT'],
    ['{"inputs":{"__x":1}}', 'INVALID_ARGUMENT'],
    ['{"inputs":[]}', 'INVALID_ARGUMENT'],
    ['{"code":"\\ud800"}', 'INVALID_ARGUMENT'],
    ['{"return_snapshot":"yes"}', 'INVALID_ARGUMENT'],
    ['{"code":"1","code":"2"}', 'INVALID_ARGUMENT'],
    ['{"inputs":{"__proto__":{}}}', 'INVALID_ARGUMENT'],
    [JSON.stringify({ code: 'x'.repeat(1_048_577) }), 'REQUEST_TOO_LARGE'],
    [JSON.stringify({ inputs: { a: 'x'.repeat(1_048_577) } }), 'REQUEST_TOO_LARGE'],
  ])('refuse the request %.40s', (text, code) => {
    expect(() => parseRunRequest(text)).toThrow(expect.objectContaining({ code }));
  });

  it('answer any text with a request or a SandboxError, and read their own requests back', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.json().map((text) => `{"inputs":${text}}`),
        ),
        (text) => {
          try {
            const request = parseRunRequest(text);
            expect(parseRunRequest(JSON.stringify(request))).toEqual(request);
          } catch (thrown) {
            expect(thrown).toBeInstanceOf(SandboxError);
          }
        },
      ),
    );
  });

  it('let limits be given in part', () => {
    expect(readPartialLimits({ wall_ms: 7 })).toEqual({ ...DEFAULT_LIMITS, wall_ms: 7 });
    expect(() => readPartialLimits({ max_stack_depth: 65_536 })).toThrow('/max_stack_depth');
  });
});
