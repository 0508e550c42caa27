/** What the house is made of. Changing this file is an architecture decision: docs/architecture.md says the same in words. */

/** One package: where it stands and what it offers. */
export interface Place {
  /** A package imports only from packages on lower floors. */
  readonly floor: number;
  /** Entries beside `.` and `./package.json`. */
  readonly subpaths?: readonly string[];
  /** Command names. */
  readonly commands?: readonly string[];
}

/** Every package folder under `packages/`. */
export const places: Readonly<Record<string, Place>> = {
  core: { floor: 0 },
  ids: { floor: 1 },
  secrets: { floor: 1 },
  template: { floor: 1 },
  engram: { floor: 2 },
  descriptor: { floor: 2 },
  provenance: { floor: 2 },
  arcp: { floor: 2, subpaths: ['./node'] },
  client: { floor: 3, subpaths: ['./functions'] },
  sandbox: { floor: 3 },
  runtime: { floor: 3 },
  bobrapet: { floor: 4 },
  transport: { floor: 4, subpaths: ['./connector'] },
  functions: { floor: 4 },
  agent: { floor: 4, subpaths: ['./node'] },
  testing: { floor: 5 },
  engramkit: { floor: 6, commands: ['engramkit'] },
  'create-engramkit': { floor: 6, commands: ['create-engramkit'] },
};

/** What library code gets from outside instead of reaching for it. */
export type Ambient = 'clock' | 'console' | 'environment' | 'json' | 'random';

/** A place that may touch the ambient world, and why. */
export interface Allowance {
  /** A file, or a folder that ends in `/`. */
  readonly where: string;
  readonly may: readonly Ambient[];
  readonly because: string;
}

/** Everything that may touch the clock, randomness, the environment, the console or the bare JSON parser. */
export const allowances: readonly Allowance[] = [
  {
    where: 'packages/core/src/clock.ts',
    may: ['clock', 'random'],
    because: 'it is the clock and the randomness that everything else is given',
  },
  {
    where: 'packages/core/src/parse-json.ts',
    may: ['json'],
    because: 'it is the guarded parser that everything else calls',
  },
  {
    where: 'packages/arcp/src/identifiers.ts',
    may: ['random'],
    because:
      'tokens and identifiers that nobody may guess come from the platform unless a source is passed in',
  },
  {
    where: 'packages/engramkit/src/cli/',
    may: ['clock', 'environment'],
    because: 'a command line is where the process meets the world',
  },
];

/** The longest a source file may be, in lines. */
export const LONGEST_FILE = 320;
