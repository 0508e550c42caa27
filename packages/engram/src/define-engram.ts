import { InvalidInputError } from '@engramkit/core';
import type { BatchComponent, EngramModes, StreamingComponent } from './component.js';
import { brandModes, isComponent } from './component-brand.js';

/**
 * Offers the same work in both modes: once per step, and as a stream; the host picks one.
 *
 * Throws `INVALID_DEFINITION` when a member is not a component of its kind, or when the two have different names.
 */
export function defineEngram<
  Batch extends BatchComponent,
  Streaming extends StreamingComponent,
>(modes: { readonly batch: Batch; readonly streaming: Streaming }): EngramModes<Batch, Streaming> {
  const { batch, streaming } = modes;
  if (!isComponent(batch) || batch.kind !== 'batch') {
    throw invalid('batch must be the result of defineBatch');
  }
  if (!isComponent(streaming) || streaming.kind !== 'streaming') {
    throw invalid('streaming must be the result of defineStreaming');
  }
  const names = [batch.spec.name, streaming.spec.name];
  if (names[0] !== undefined && names[1] !== undefined && names[0] !== names[1]) {
    throw invalid(`both modes belong to one engram, but are called ${names.join(' and ')}`);
  }
  return brandModes({ batch, streaming });
}

function invalid(problem: string): InvalidInputError {
  return new InvalidInputError(`defineEngram: ${problem}`, { code: 'INVALID_DEFINITION' });
}
