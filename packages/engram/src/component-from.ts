import { describeThrown, InvalidInputError } from '@engramkit/core';
import type { BatchEngram } from './batch.js';
import type { Component, ComponentKind, ComponentSpec, EngramModes } from './component.js';
import { brandComponent, brandModes, isComponent, isEngramModes } from './component-brand.js';
import type { Impulse } from './impulse.js';
import { pickSpec, specProblems } from './spec-check.js';
import type { StreamingEngram } from './streaming.js';

/** What {@link inspectExport} found: something that hosts can run, or why it is not. */
export type ExportInspection =
  | { readonly component: Component | EngramModes; readonly refusal?: undefined }
  | { readonly component?: undefined; readonly refusal: string };

/** The method that makes an object a component of a kind. */
const WORK = { batch: 'process', streaming: 'stream', impulse: 'run' } as const;
const KINDS: readonly ComponentKind[] = ['batch', 'streaming', 'impulse'];
const ACCEPTED =
  'Export the result of defineBatch, defineStreaming, defineImpulse or defineEngram, or a class (or an instance) with a ' +
  'process, stream or run method.';

/**
 * Looks whether an exported value is something that hosts can run; never throws.
 *
 * Accepted: a definition, a class with or without a static `spec`, an instance of one, an object `{ batch, streaming }` of
 * those. A class or an instance that has both `process` and `stream` offers both modes.
 */
export function inspectExport(exported: unknown): ExportInspection {
  try {
    return inspect(exported);
  } catch (thrown) {
    return { refusal: `a value that cannot be read (${describeThrown(thrown)})` };
  }
}

/**
 * The component that an exported value is.
 *
 * Throws `EXPORT_NOT_FOUND` with what the value is and what is accepted. See {@link inspectExport} for what that is.
 */
export function componentFrom(exported: unknown): Component | EngramModes {
  const found = inspectExport(exported);
  if (found.refusal === undefined) return found.component;
  throw new InvalidInputError(`the export is ${found.refusal}`, {
    code: 'EXPORT_NOT_FOUND',
    details: { found: found.refusal },
    hint: ACCEPTED,
  });
}

function inspect(exported: unknown): ExportInspection {
  if (isComponent(exported) || isEngramModes(exported)) return { component: exported };
  if (typeof exported === 'function') return inspectFunction(exported);
  if (typeof exported !== 'object' || exported === null) return { refusal: kindOfValue(exported) };
  if (typeof (exported as PromiseLike<unknown>).then === 'function') {
    return { refusal: 'a promise; export the component itself' };
  }
  const kinds = kindsOf(exported);
  if (kinds.length > 0) {
    const holder = exported as { readonly spec?: unknown; readonly constructor?: unknown };
    const spec =
      holder.spec ?? (holder.constructor as { readonly spec?: unknown } | undefined)?.spec;
    return fromInstances('an instance', kinds, spec, () => exported);
  }
  if ('batch' in exported && 'streaming' in exported) {
    return inspectPair(exported.batch, exported.streaming);
  }
  const members = Object.keys(exported).slice(0, 10);
  return {
    refusal: `an object without a process, stream or run method${
      members.length === 0 ? '' : ` (it has ${members.join(', ')})`
    }`,
  };
}

function inspectFunction(exported: NewableFunction): ExportInspection {
  const name = exported.name === '' ? '' : ` ${exported.name}`;
  const prototype: unknown = exported.prototype;
  const spec = (exported as { readonly spec?: unknown }).spec;
  const isClass = /^class\b/.test(Function.prototype.toString.call(exported));
  if (typeof prototype !== 'object' || prototype === null) return plainFunction(name);
  const construct = (): unknown => Reflect.construct(exported, []);
  let kinds = kindsOf(prototype);
  if (kinds.length === 0 && isClass && spec !== undefined) {
    // Methods written as fields exist on instances only; the static spec says that one is meant to be made.
    const made = construct();
    kinds = typeof made === 'object' && made !== null ? kindsOf(made) : [];
  }
  if (kinds.length > 0) return fromInstances(`the class${name}`, kinds, spec, construct);
  return isClass
    ? { refusal: `the class${name} without a process, stream or run method` }
    : plainFunction(name);
}

function inspectPair(first: unknown, second: unknown): ExportInspection {
  const batch = inspect(first);
  const streaming = inspect(second);
  if (batch.refusal !== undefined) return { refusal: `a pair whose batch is ${batch.refusal}` };
  if (streaming.refusal !== undefined) {
    return { refusal: `a pair whose streaming is ${streaming.refusal}` };
  }
  const one = modeOf(batch.component, 'batch');
  const other = modeOf(streaming.component, 'streaming');
  if (one?.kind !== 'batch') return { refusal: 'a pair whose batch is of another kind' };
  if (other?.kind !== 'streaming') return { refusal: 'a pair whose streaming is of another kind' };
  return { component: brandModes({ batch: one, streaming: other }) };
}

function modeOf(found: Component | EngramModes, mode: 'batch' | 'streaming'): Component {
  return 'kind' in found ? found : found[mode];
}

function fromInstances(
  what: string,
  kinds: readonly ComponentKind[],
  rawSpec: unknown,
  create: () => unknown,
): ExportInspection {
  const isObject = typeof rawSpec === 'object' && rawSpec !== null;
  if (rawSpec !== undefined && !isObject) return { refusal: `${what} whose spec is not an object` };
  const problems = isObject ? specProblems(rawSpec) : [];
  if (problems.length > 0) {
    return { refusal: `${what} whose spec is not valid: ${problems.join('; ')}` };
  }
  if (kinds.includes('impulse') && kinds.length > 1) {
    const methods = kinds.map((kind) => WORK[kind]).join(' and ');
    return {
      refusal: `${what} with ${methods}, so it could be an impulse or an engram; rename one method`,
    };
  }
  const spec = isObject ? pickSpec(rawSpec) : Object.freeze({});
  const [only] = kinds;
  if (kinds.length === 1 && only !== undefined)
    return { component: componentOf(only, spec, create) };
  const batch = componentOf('batch', spec, create);
  const streaming = componentOf('streaming', spec, create);
  return batch.kind === 'batch' && streaming.kind === 'streaming'
    ? { component: brandModes({ batch, streaming }) }
    : { refusal: what };
}

/** `create` yields an object that has the method of the kind; `kindsOf` has seen it. */
function componentOf(kind: ComponentKind, spec: ComponentSpec, create: () => unknown): Component {
  if (kind === 'batch') {
    return brandComponent({ kind, spec, create: () => create() as BatchEngram });
  }
  if (kind === 'streaming') {
    return brandComponent({ kind, spec, create: () => create() as StreamingEngram });
  }
  return brandComponent({ kind, spec, create: () => create() as Impulse });
}

function kindsOf(holder: object): readonly ComponentKind[] {
  return KINDS.filter(
    (kind) => typeof (holder as Readonly<Record<string, unknown>>)[WORK[kind]] === 'function',
  );
}

function plainFunction(name: string): ExportInspection {
  return { refusal: `the plain function${name}; pass it to defineBatch as process` };
}

function kindOfValue(value: unknown): string {
  if (value === null) return 'null';
  if (value === undefined) return 'undefined';
  return `a ${typeof value}`;
}
