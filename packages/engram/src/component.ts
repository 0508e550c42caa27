import type { StandardSchemaV1 } from '@engramkit/core';
import type { BatchEngram } from './batch.js';
import type { Impulse } from './impulse.js';
import type { StreamingEngram } from './streaming.js';

/** What kinds of component there are. */
export type ComponentKind = 'batch' | 'streaming' | 'impulse';

/** What a component says about itself, apart from its code: also the shape of a class's static `spec`. */
export interface ComponentSpec {
  /** Lower-case name with dashes; default: taken from the module's file name. */
  readonly name?: string;
  /** Semantic version; default `0.0.0`. */
  readonly version?: string;
  /** One sentence. */
  readonly description?: string;
  readonly config?: StandardSchemaV1;
  readonly inputs?: StandardSchemaV1;
  readonly output?: StandardSchemaV1;
  /** The secret keys that the component reads. */
  readonly secrets?: readonly string[];
  /**
   * Whether numbers, booleans, lists and durations in config and inputs may arrive as text and the like; default `true`.
   *
   * Source: bobrapet-batch section 2.5.
   */
  readonly weakDecoding?: boolean;
}

interface ComponentBase<Kind extends ComponentKind, Instance> {
  readonly kind: Kind;
  readonly spec: ComponentSpec;
  /** A fresh instance for one run. */
  create(): Instance;
}

/** A batch engram that hosts can run. */
export type BatchComponent = ComponentBase<'batch', BatchEngram>;
/** A streaming engram that hosts can run. */
export type StreamingComponent = ComponentBase<'streaming', StreamingEngram>;
/** An impulse that hosts can run. */
export type ImpulseComponent = ComponentBase<'impulse', Impulse>;
/** Anything that hosts can run. */
export type Component = BatchComponent | StreamingComponent | ImpulseComponent;
