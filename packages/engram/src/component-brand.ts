import type { Component, ComponentKind, EngramModes } from './component.js';

const COMPONENT = Symbol.for('engramkit.component');
const MODES = Symbol.for('engramkit.modes');

/** Marks a component, so that every copy of the package recognises it; freezes it. */
export function brandComponent<Branded extends Component>(component: Branded): Branded {
  return Object.freeze(Object.defineProperty(component, COMPONENT, { value: 1 }));
}

/** Marks a pair of components, so that every copy of the package recognises it; freezes it. */
export function brandModes<Branded extends EngramModes>(modes: Branded): Branded {
  return Object.freeze(Object.defineProperty(modes, MODES, { value: 1 }));
}

/** Whether the value is a component that a `define` function of any copy of the package made. */
export function isComponent(value: unknown): value is Component {
  if (typeof value !== 'object' || value === null || !Object.hasOwn(value, COMPONENT)) return false;
  const { kind, create } = value as { readonly kind?: unknown; readonly create?: unknown };
  return isComponentKind(kind) && typeof create === 'function';
}

/** Whether the value is a pair that `defineEngram` of any copy of the package made. */
export function isEngramModes(value: unknown): value is EngramModes {
  return typeof value === 'object' && value !== null && Object.hasOwn(value, MODES);
}

function isComponentKind(kind: unknown): kind is ComponentKind {
  return kind === 'batch' || kind === 'streaming' || kind === 'impulse';
}
