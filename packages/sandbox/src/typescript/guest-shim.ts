/**
 * What stands between a program and its host, inside of the guest: plain JavaScript, evaluated once per machine.
 *
 * A function of the two ways out. It keeps the intrinsics it needs from before any program ran; what a program does to its own
 * globals afterwards harms that program alone. Nothing but text crosses.
 */
export const GUEST_SHIM = `(function (send, write) {
'use strict';
const G = globalThis;
const { stringify, parse } = JSON;
const { apply, ownKeys, getOwnPropertyDescriptor, defineProperty, deleteProperty } = Reflect;
const ErrorType = Error, WeakSetType = WeakSet, PromiseType = Promise, StringOf = String, MathOf = Math;
const then = Promise.prototype.then, has = WeakSet.prototype.has, add = WeakSet.prototype.add, join = Array.prototype.join;
const isArray = Array.isArray, isFiniteNumber = Number.isFinite, toText = Object.prototype.toString, sliceText = String.prototype.slice;
const create = Object.create, setKind = new Set(['[object Map]', '[object Set]', '[object WeakMap]', '[object WeakSet]',
  '[object Promise]', '[object RegExp]', '[object Error]', '[object ArrayBuffer]', '[object WeakRef]', '[object Generator]']);
const isLossy = (kind) => apply(Set_has, setKind, [kind]);
const Set_has = Set.prototype.has;
const made = new WeakSetType();
let open = create(null), opened = 0, next = 1, state = 0, settledValue, settledError;
let toolNames = [];
const define = (name, value) => defineProperty(G, name, { value, writable: true, enumerable: false, configurable: true });
const fail = (code, message, hint) => {
  const error = new ErrorType(message);
  defineProperty(error, 'name', { value: code, writable: true, configurable: true });
  defineProperty(error, 'code', { value: code, writable: true, configurable: true });
  if (hint) defineProperty(error, 'hint', { value: hint, writable: true, configurable: true });
  apply(add, made, [error]);
  return error;
};
const plain = (value, depth, code) => {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  const refuse = (kind) => fail(code, 'the value is not plain JSON: ' + kind, 'It holds a value of type ' + kind + '.');
  if (typeof value === 'number') { if (!isFiniteNumber(value)) throw refuse(StringOf(value)); return value; }
  if (typeof value !== 'object') throw refuse(typeof value);
  if (depth > 120) throw fail(code, 'the value is nested too deeply, or holds itself', 'At most 120 levels are taken.');
  if (isArray(value)) {
    const length = value.length, copy = [];
    defineProperty(copy, 'toJSON', { value: undefined });
    for (let index = 0; index < length; index++) {
      defineProperty(copy, index, { value: plain(value[index], depth + 1, code), writable: true, enumerable: true, configurable: true });
    }
    return copy;
  }
  const convert = value.toJSON;
  if (typeof convert === 'function') return plain(apply(convert, value, ['']), depth + 1, code);
  const kind = apply(toText, value, []);
  if (isLossy(kind) || ArrayBuffer_isView(value)) throw refuse(apply(sliceText, kind, [8, -1]));
  const copy = create(null), keys = ownKeys(value);
  for (let index = 0; index < keys.length; index++) {
    const key = keys[index];
    if (typeof key !== 'string') continue;
    const described = getOwnPropertyDescriptor(value, key);
    if (described === undefined || described.enumerable !== true) continue;
    const member = value[key];
    if (member === undefined) continue;
    if (key === '__proto__') throw fail(code, 'the value has a member __proto__');
    copy[key] = plain(member, depth + 1, code);
  }
  return copy;
};
const ArrayBuffer_isView = ArrayBuffer.isView;
const showOne = (value) => {
  if (typeof value === 'string') return value;
  try {
    if (typeof value === 'object' && value !== null) {
      if (value instanceof ErrorType) return StringOf(value.stack ? value.name + ': ' + value.message : value);
      return stringify(plain(value, 0, 'TYPE_ERROR'));
    }
    return typeof value === 'bigint' ? StringOf(value) + 'n' : StringOf(value);
  } catch { try { return apply(toText, value, []); } catch { return '[unreadable]'; } }
};
const print = (stream) => function () {
  let line = '';
  for (let index = 0; index < arguments.length; index++) line += (index === 0 ? '' : ' ') + showOne(arguments[index]);
  write(stream, line + '\\n');
};
const console = create(null);
for (const name of ['log', 'info', 'debug']) console[name] = print(1);
for (const name of ['warn', 'error', 'trace']) console[name] = print(2);
define('console', console);
define('print', print(1));
let s0 = 1, s1 = 2, s2 = 3, s3 = 4;
define_random: { defineProperty(MathOf, 'random', { writable: true, configurable: true, enumerable: false, value: function random() {
  let t = s3; const s = s0; s3 = s2; s2 = s1; s1 = s; t ^= t << 11; t ^= t >>> 8; s0 = (t ^ s ^ (s >>> 19)) | 0;
  return (s0 >>> 0) / 4294967296;
} }); }
const tool = (name) => {
  const call = function () {
    const args = [];
    for (let index = 0; index < arguments.length; index++) args[index] = arguments[index] === undefined ? null : arguments[index];
    const id = next++;
    let text;
    try { text = stringify(plain(args, 0, 'TYPE_ERROR')); } catch (error) { return new PromiseType((_, reject) => reject(error)); }
    return new PromiseType((resolve, reject) => {
      open[id] = { resolve, reject };
      opened += 1;
      send(id, name, text);
    });
  };
  defineProperty(call, 'name', { value: name });
  return call;
};
return {
  seed(value) { s0 = value | 0; s1 = (value ^ 0x9e3779b9) | 0; s2 = (value * 69069) | 0; s3 = 0x7f4a7c15 | 0; for (let i = 0; i < 20; i++) MathOf.random(); },
  begin(namesText, inputsText, declaredText, keepResult) {
    state = 0; settledValue = settledError = undefined; open = create(null); opened = 0;
    for (let index = 0; index < toolNames.length; index++) deleteProperty(G, toolNames[index]);
    toolNames = parse(namesText);
    for (let index = 0; index < toolNames.length; index++) define(toolNames[index], tool(toolNames[index]));
    if (!keepResult) deleteProperty(G, 'result');
    const inputs = parse(inputsText), names = ownKeys(inputs);
    for (let index = 0; index < names.length; index++) {
      defineProperty(G, names[index], { value: inputs[names[index]], writable: true, enumerable: true, configurable: true });
    }
    const declared = parse(declaredText);
    for (let index = 0; index < declared.length; index++) {
      const had = getOwnPropertyDescriptor(G, declared[index]);
      if (had === undefined || had.configurable) {
        defineProperty(G, declared[index], { value: undefined, writable: true, enumerable: true, configurable: true });
      }
    }
  },
  track(promise) {
    apply(then, promise, [(value) => { state = 1; settledValue = value; }, (error) => { state = 2; settledError = error; }]);
  },
  state() { return state; },
  open() { return opened; },
  settle(id, ok, text) {
    const waiting = open[id];
    if (waiting === undefined) return;
    delete open[id];
    opened -= 1;
    if (ok) waiting.resolve(parse(text));
    else { const { code, message, hint } = parse(text); waiting.reject(fail(code, message, hint)); }
  },
  result(completion) {
    try {
    const set = getOwnPropertyDescriptor(G, 'result');
    const value = set !== undefined ? G.result : completion && settledValue ? settledValue.value : null;
    const text = stringify(plain(value === undefined ? null : value, 0, 'RESULT_NOT_SERIALIZABLE'));
    settledValue = undefined; open = create(null); opened = 0;
    return text;
    } catch (error) { state = 2; settledError = error; return ''; }
  },
  problem(given) {
    const error = given === undefined ? settledError : given;
    settledError = undefined; open = create(null); opened = 0;
    try {
      if (typeof error !== 'object' || error === null) return stringify({ name: 'thrown', message: showOne(error), stack: '', host: false, empty: error === null || error === undefined });
      const text = (read) => { try { const value = read(); return typeof value === 'string' ? apply(sliceText, value, [0, 4000]) : ''; } catch { return ''; } };
      return stringify({ name: text(() => error.name), message: text(() => error.message), stack: text(() => error.stack),
        host: apply(has, made, [error]), code: text(() => error.code), hint: text(() => error.hint), empty: false });
    } catch { return '{"name":"Error","message":"unreadable","stack":"","host":false,"empty":false}'; }
  },
  names() {
    const found = [], keys = ownKeys(G);
    for (let index = 0; index < keys.length; index++) if (typeof keys[index] === 'string') defineProperty(found, found.length, { value: keys[index], writable: true, enumerable: true, configurable: true });
    return apply(join, found, ['\\n']);
  },
};
})`;
