import type { StandardSchemaV1 } from '@engramkit/core';
import type { BatchEngram } from './batch.js';
import type { Impulse } from './impulse.js';
import type { StreamingEngram } from './streaming.js';

/** What kinds of component there are. */
export type ComponentKind = 'batch' | 'streaming' | 'impulse';

/** What a component says about itself, apart from its code: also the shape of a class's static `spec`. */
export interface ComponentSpec {
  /** Lower-case letters, digits and dashes, at most 63 characters; default: taken from the module's file name. */
  readonly name?: string;
  /** Semantic version; default `0.0.0`. */
  readonly version?: string;
  /** One sentence. */
  readonly description?: string;
  /** Shape of the configuration; without it any JSON object passes. */
  readonly config?: StandardSchemaV1;
  /** Shape of the inputs; without it any JSON object passes. */
  readonly inputs?: StandardSchemaV1;
  /** Shape of the output; without it any JSON-able value passes. */
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

/** What the three kinds of components have in common. */
export interface ComponentBase<Kind extends ComponentKind, Instance> {
  readonly kind: Kind;
  readonly spec: ComponentSpec;
  /**
   * The instance for one run: a fresh one, unless the author exported an instance.
   *
   * Throws whatever the constructor of an author's class throws.
   */
  create(): Instance;
}

/** A batch engram that hosts can run. */
export type BatchComponent<Config = unknown, Inputs = unknown, Output = unknown> = ComponentBase<
  'batch',
  BatchEngram<Config, Inputs, Output>
>;
/** A streaming engram that hosts can run. */
export type StreamingComponent<Config = unknown> = ComponentBase<
  'streaming',
  StreamingEngram<Config>
>;
/** An impulse that hosts can run. */
export type ImpulseComponent<Config = unknown> = ComponentBase<'impulse', Impulse<Config>>;
/** Anything that hosts can run. */
export type Component = BatchComponent | StreamingComponent | ImpulseComponent;

/** A module that offers the same work once per step and as a stream. */
export interface EngramModes<
  Batch extends BatchComponent = BatchComponent,
  Streaming extends StreamingComponent = StreamingComponent,
> {
  readonly batch: Batch;
  readonly streaming: Streaming;
}
