import { createHash } from 'node:crypto';
import { FunctionError } from '../errors.js';
import { byteLength, fromBytes, toBytes } from '../go/bytes.js';
import { decodeJson, encodeJson, type JsonStyle, JsonTextError } from '../go/json.js';
import { type FunctionTable, fn, text } from './signature.js';

const BASE64 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';
const BASE32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
const PRETTY: JsonStyle = { indent: '  ' };
const RAW: JsonStyle = { html: false };

function digest(algorithm: 'sha1' | 'sha256', value: string): string {
  return createHash(algorithm).update(toBytes(value)).digest('hex');
}

function adler32(value: string): string {
  let low = 1;
  let high = 0;
  for (const byte of toBytes(value)) {
    low = (low + byte) % 65_521;
    high = (high + low) % 65_521;
  }
  return String(high * 65_536 + low);
}

/** Groups of bits from one size into another, most significant first. */
function regroup(values: Iterable<number>, from: number, to: number, pads: boolean): number[] {
  const out: number[] = [];
  let bits = 0;
  let size = 0;
  for (const value of values) {
    bits = ((bits << from) | value) & 0xffff;
    size += from;
    while (size >= to) {
      size -= to;
      out.push((bits >> size) & ((1 << to) - 1));
    }
  }
  if (pads && size > 0) out.push((bits << (to - size)) & ((1 << to) - 1));
  return out;
}

function encodeBase32(value: string): string {
  const digits = regroup(toBytes(value), 8, 5, true).map((digit) => BASE32[digit] ?? '');
  return digits.join('') + '='.repeat((8 - (digits.length % 8)) % 8);
}

/** Decodes, or tells at which byte Go stops. */
function decodeBase64(value: string): string {
  const digits: number[] = [];
  const bad = (at: number): string => `illegal base64 data at input byte ${at}`;
  const isBreak = (at: number): boolean => value[at] === '\n' || value[at] === '\r';
  let group = 0;
  for (let at = 0; at < value.length; at += 1) {
    if (isBreak(at)) continue;
    const digit = BASE64.indexOf(value[at] ?? '');
    if (digit >= 0) {
      digits.push(digit);
      group = (group + 1) % 4;
      continue;
    }
    if (value[at] !== '=' || group < 2) return bad(byteAt(value, at));
    let next = at + 1;
    if (group === 2) {
      while (isBreak(next)) next += 1;
      if (next >= value.length) return bad(byteLength(value));
      if (value[next] !== '=') return bad(byteAt(value, next) - 1);
      next += 1;
    }
    while (isBreak(next)) next += 1;
    if (next < value.length) return bad(byteAt(value, next));
    return fromBytes(Uint8Array.from(regroup(digits, 6, 8, false)));
  }
  if (group !== 0) return bad(byteLength(value) - group);
  return fromBytes(Uint8Array.from(regroup(digits, 6, 8, false)));
}

function byteAt(value: string, at: number): number {
  return byteLength(value.slice(0, at));
}

function decodeBase32(given: string): string {
  const value = given.replaceAll(/[\r\n]/g, '');
  const total = byteLength(value);
  const digits: number[] = [];
  const bad = (at: number): string => `illegal base32 data at input byte ${at}`;
  let group = 0;
  for (let at = 0; at < value.length; at += 1) {
    const left = value.length - at - 1;
    if (value[at] === '=' && group >= 2 && left < 8) {
      if (left + group < 7) return bad(total);
      for (let ahead = 0; ahead < 7 - group; ahead += 1) {
        if (left > ahead && value[at + 1 + ahead] !== '=') return bad(total - left + ahead - 1);
      }
      if (group === 3 || group === 6) return bad(total - left - 1);
      return fromBytes(Uint8Array.from(regroup(digits, 5, 8, false)));
    }
    const digit = BASE32.indexOf(value[at] ?? '');
    if (digit < 0) return bad(byteAt(value, at));
    digits.push(digit);
    group = (group + 1) % 8;
  }
  if (group !== 0) return bad(total - group);
  return fromBytes(Uint8Array.from(regroup(digits, 5, 8, false)));
}

/** The text, or `onFailure` of the message when the value cannot be written. */
function json(value: unknown, style: JsonStyle, strict: boolean): string {
  try {
    return encodeJson(value, style);
  } catch (thrown) {
    if (!(thrown instanceof JsonTextError)) throw thrown;
    if (strict) throw new FunctionError(thrown.message);
    return '';
  }
}

function parse(value: string, strict: boolean): unknown {
  try {
    return decodeJson(value);
  } catch (thrown) {
    if (!(thrown instanceof JsonTextError)) throw thrown;
    if (strict) throw new FunctionError(thrown.message);
    return null;
  }
}

/** Digests, encodings and JSON. Source: template section 6. */
export const ENCODING: FunctionTable = {
  sha1sum: fn('string', (args) => digest('sha1', text(args, 0))),
  sha256sum: fn('string', (args) => digest('sha256', text(args, 0))),
  adler32sum: fn('string', (args) => adler32(text(args, 0))),
  b64enc: fn('string', (args) => Buffer.from(toBytes(text(args, 0))).toString('base64')),
  b64dec: fn('string', (args) => decodeBase64(text(args, 0))),
  b32enc: fn('string', (args) => encodeBase32(text(args, 0))),
  b32dec: fn('string', (args) => decodeBase32(text(args, 0))),
  fromJson: fn('string', (args) => parse(text(args, 0), false)),
  mustFromJson: fn('string', (args) => parse(text(args, 0), true)),
  toJson: fn('any', ([value]) => json(value, {}, false)),
  mustToJson: fn('any', ([value]) => json(value, {}, true)),
  toPrettyJson: fn('any', ([value]) => json(value, PRETTY, false)),
  mustToPrettyJson: fn('any', ([value]) => json(value, PRETTY, true)),
  toRawJson: fn('any', ([value]) => json(value, RAW, true)),
  mustToRawJson: fn('any', ([value]) => json(value, RAW, true)),
};
