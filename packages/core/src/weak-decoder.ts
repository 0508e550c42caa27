import {
  acceptsNull,
  couldBe,
  hasType,
  isJsonKind,
  isObject,
  isSettled,
  membersOf,
  typeWords,
  zeroValue,
} from './decoding-kinds.js';
import {
  type DecodingPlan,
  type DecodingSchema,
  foldCase,
  type PlanReference,
} from './decoding-schema.js';
import { InvalidInputError } from './error.js';
import { describeIssues, issueDetails, type PathIssue } from './issue-list.js';
import { putMember } from './json-diagnosis.js';
import { detailPath } from './json-pointer.js';
import type { WeakDecodeOptions } from './weak-decode.js';
import { isScalarType, kindOf, weakDuration, weakScalar } from './weak-scalar.js';

type Members = Readonly<Record<string, unknown>>;

const MAX_DEPTH = 256;
const MAX_OPEN_UNIONS = 300;
/** Alternatives inside alternatives multiply; nobody's inputs need this many looks. */
const MAX_NESTED_ATTEMPTS = 300_000;

/** How one alternative of a union went. */
interface Attempt {
  readonly value: unknown;
  readonly cost: number;
  readonly issues: readonly PathIssue[];
  readonly mismatch: boolean;
}

/** One decoding of one value. */
export class WeakDecoder {
  readonly #schema: DecodingSchema;
  readonly #strict: boolean;
  readonly #what: string;
  readonly #path: (string | number)[] = [];
  #issues: PathIssue[] = [];
  /** How far the value is from the schema: conversions, renamed keys, unknown keys. Decides between alternatives. */
  #cost = 0;
  /** Whether the shape rules an alternative out: wrong constant, missing member. Only unions ask. */
  #mismatch = false;
  #unionDepth = 0;
  #nestedAttempts = 0;

  constructor(schema: DecodingSchema, options: WeakDecodeOptions) {
    this.#schema = schema;
    this.#strict = options.strict ?? false;
    this.#what = options.what ?? 'the value';
  }

  decode(value: unknown): unknown {
    const decoded = this.#place(this.#schema.root, value, true);
    if (this.#issues.length === 0) return decoded;
    throw new InvalidInputError(
      `${this.#what} cannot be decoded: ${describeIssues(this.#issues)}`,
      { code: 'DECODE_FAILED', details: issueDetails(this.#issues) },
    );
  }

  /** Decodes at a place that exists whatever the value: null becomes the zero value unless null is welcome. */
  #place(reference: PlanReference, value: unknown, wrap: boolean): unknown {
    const plan = reference.plan();
    if (value === undefined || value === null) {
      return value === null && acceptsNull(plan, 0) ? null : zeroValue(plan, value);
    }
    return this.#value(plan, value, wrap);
  }

  #value(plan: DecodingPlan, value: unknown, wrap: boolean): unknown {
    const tooDeep = this.#path.length > MAX_DEPTH || this.#unionDepth > MAX_OPEN_UNIONS;
    if (tooDeep || this.#nestedAttempts > MAX_NESTED_ATTEMPTS) {
      throw new InvalidInputError(`${this.#what} is too deep or too ambiguous to be decoded`, {
        code: 'DECODE_FAILED',
        hint: 'Flatten the value, or make the alternatives of the schema easier to tell apart.',
      });
    }
    if (!isJsonKind(value)) return value;
    let decoded = this.#typed(plan, value, wrap);
    for (const union of plan.unions) decoded = this.#union(union, decoded, wrap);
    if (this.#unionDepth > 0 && plan.allowed !== undefined) {
      if (!plan.allowed.has(JSON.stringify(decoded))) this.#refuse('is none of the allowed values');
    }
    return decoded;
  }

  #typed(plan: DecodingPlan, value: unknown, wrap: boolean): unknown {
    const { types } = plan;
    if (types.length === 0) {
      if (plan.nullable && plan.unions.length === 0) return this.#issue('expected null', value);
      return this.#inside(plan, value);
    }
    const own = types.find((type) => hasType(value, type));
    if (own !== undefined) {
      return isSettled(plan, own, value) ? value : this.#asType(plan, own, value, wrap);
    }
    if (types.length === 1) return this.#asType(plan, types[0] as string, value, wrap);
    for (const type of types) {
      const attempt = this.#attempt(() => this.#asType(plan, type, value, false));
      if (attempt.issues.length === 0) return this.#accept(attempt);
    }
    return this.#issue(`expected ${typeWords(types)}, got ${kindOf(value)}`, value);
  }

  #asType(plan: DecodingPlan, type: string, value: unknown, wrap: boolean): unknown {
    if (type === 'array') return this.#list(plan, value, wrap);
    if (type === 'object') return this.#object(plan, value);
    if (!isScalarType(type)) return value;
    const isDuration = plan.format === 'duration' || plan.format === 'go-duration';
    const result =
      isDuration && type === 'string'
        ? weakDuration(value, plan.format === 'duration')
        : weakScalar(value, type);
    if (result.reason !== undefined) return this.#issue(result.reason, value);
    if (result.value !== value) this.#cost += 1;
    return result.value;
  }

  #list(plan: DecodingPlan, value: unknown, wrap: boolean): unknown {
    if (Array.isArray(value)) return this.#items(plan, value);
    if (isObject(value) && Object.keys(value).length === 0) {
      this.#cost += 1;
      return [];
    }
    // One item stands for a list of one, but not inside a list that was itself made this way.
    if (!wrap) return this.#issue(`expected a list, got ${kindOf(value)}`, value);
    this.#cost += 1;
    return [this.#item(plan, value, 0, false)];
  }

  #items(plan: DecodingPlan, list: readonly unknown[]): readonly unknown[] {
    let changed: unknown[] | undefined;
    for (const [index, item] of list.entries()) {
      const decoded = this.#item(plan, item, index, true);
      if (decoded !== item) {
        changed ??= [...list];
        changed[index] = decoded;
      }
    }
    return changed ?? list;
  }

  #item(plan: DecodingPlan, item: unknown, index: number, wrap: boolean): unknown {
    const reference = plan.prefixItems[index] ?? plan.items;
    if (reference === undefined) return item;
    this.#path.push(index);
    const decoded = this.#place(reference, item, wrap);
    this.#path.pop();
    return decoded;
  }

  #object(plan: DecodingPlan, value: unknown): unknown {
    if (isObject(value)) return this.#members(plan, value);
    const isMap = plan.properties.size === 0;
    if (!isMap || !Array.isArray(value) || !value.every(isObject)) {
      return this.#issue(`expected an object, got ${kindOf(value)}`, value);
    }
    this.#cost += 1;
    const merged: Record<string, unknown> = {};
    for (const part of value) {
      for (const key of Object.keys(part)) putMember(merged, key, part[key]);
    }
    return this.#members(plan, merged);
  }

  /** What the schema says about members and items without saying the type. */
  #inside(plan: DecodingPlan, value: unknown): unknown {
    if (Array.isArray(value)) return this.#items(plan, value);
    return isObject(value) ? this.#members(plan, value) : value;
  }

  #members(plan: DecodingPlan, object: Members): Members {
    const spelled = this.#spelling(plan, object);
    const keys = Object.keys(object);
    let decoded: Record<string, unknown> | undefined;
    for (const [index, key] of keys.entries()) {
      const name = spelled?.get(key) ?? key;
      const value = object[key];
      const reference = plan.properties.get(name) ?? this.#unnamed(plan, key);
      const present = reference === undefined ? value : this.#member(plan, reference, name, value);
      if (name !== key) this.#cost += 1;
      if (decoded === undefined && (present !== value || name !== key)) {
        decoded = membersOf(object, keys.slice(0, index));
      }
      if (decoded !== undefined && (present !== undefined || reference === undefined)) {
        putMember(decoded, name, present);
      }
    }
    const result = decoded ?? object;
    if (this.#unionDepth > 0) {
      for (const name of plan.required) if (!Object.hasOwn(result, name)) this.#mismatch = true;
    }
    return result;
  }

  /** The decoded member, or `undefined` for an optional one that is null. */
  #member(plan: DecodingPlan, reference: PlanReference, name: string, value: unknown): unknown {
    this.#path.push(name);
    const leaveOut =
      (value === undefined || value === null) &&
      !plan.required.has(name) &&
      plan.properties.has(name) &&
      !(value === null && acceptsNull(reference.plan(), 0));
    const decoded = leaveOut ? undefined : this.#place(reference, value, true);
    this.#path.pop();
    return decoded;
  }

  #unnamed(plan: DecodingPlan, key: string): PlanReference | undefined {
    const matching = plan.patterns.find(([pattern]) => pattern.test(key));
    if (matching !== undefined) return matching[1];
    if (plan.additional !== undefined) return plan.additional;
    if (plan.properties.size > 0) {
      this.#cost += 1;
      if (this.#strict) this.#issueAt(key, 'the schema has no such key');
    }
    return undefined;
  }

  /** Which keys spell a property in another case; an exact spelling always wins. */
  #spelling(plan: DecodingPlan, object: Members): ReadonlyMap<string, string> | undefined {
    let spelled: Map<string, string> | undefined;
    const takenBy = new Map<string, string>();
    for (const key of Object.keys(object)) {
      if (plan.properties.has(key)) continue;
      const name = plan.propertiesByFold.get(foldCase(key));
      if (name === undefined || Object.hasOwn(object, name)) continue;
      const other = takenBy.get(name);
      if (other !== undefined) {
        this.#issueAt(key, `this key and ${JSON.stringify(other)} both stand for ${name}`);
        continue;
      }
      takenBy.set(name, key);
      spelled ??= new Map();
      spelled.set(key, name);
    }
    return spelled;
  }

  #union(branches: readonly PlanReference[], value: unknown, wrap: boolean): unknown {
    const plans = branches.map((branch) => branch.plan());
    const exact = plans.filter((plan) => couldBe(plan, value, 0));
    const attempts: Attempt[] = [];
    for (const plan of exact) {
      const attempt = this.#attempt(() => this.#value(plan, value, false));
      if (isGood(attempt) && attempt.cost === 0) return this.#accept(attempt);
      attempts.push(attempt);
    }
    const best = attempts.filter(isGood).sort((left, right) => left.cost - right.cost)[0];
    if (best !== undefined) return this.#accept(best);
    for (const plan of plans) {
      if (exact.includes(plan)) continue;
      const attempt = this.#attempt(() => this.#value(plan, value, wrap));
      if (isGood(attempt)) return this.#accept(attempt);
    }
    const meant = attempts.filter((attempt) => !attempt.mismatch);
    if (meant.length === 1) return this.#accept(meant[0] as Attempt);
    // Which alternative was meant is the schema's to say; it has the better message.
    if (attempts.length > 0) {
      this.#mismatch = true;
      return value;
    }
    return this.#issue(`${kindOf(value)} fits none of the alternatives`, value);
  }

  #attempt(run: () => unknown): Attempt {
    if (this.#unionDepth > 0) this.#nestedAttempts += 1;
    const before = { issues: this.#issues, cost: this.#cost, mismatch: this.#mismatch };
    this.#issues = [];
    this.#cost = 0;
    this.#mismatch = false;
    this.#unionDepth += 1;
    const value = run();
    this.#unionDepth -= 1;
    const attempt = {
      value,
      issues: this.#issues,
      cost: this.#cost,
      mismatch: this.#mismatch,
    };
    this.#issues = before.issues;
    this.#cost = before.cost;
    this.#mismatch = before.mismatch;
    return attempt;
  }

  #accept(attempt: Attempt): unknown {
    this.#issues.push(...attempt.issues);
    this.#cost += attempt.cost;
    if (attempt.mismatch) this.#mismatch = true;
    return attempt.value;
  }

  #refuse(reason: string): void {
    this.#mismatch = true;
    this.#issues.push({ path: detailPath(this.#path), reason });
  }

  #issue(reason: string, value: unknown): unknown {
    this.#issues.push({ path: detailPath(this.#path), reason });
    return value;
  }

  #issueAt(key: string, reason: string): void {
    this.#issues.push({ path: detailPath([...this.#path, key]), reason });
  }
}

function isGood(attempt: Attempt): boolean {
  return attempt.issues.length === 0 && !attempt.mismatch;
}
