import { type FunctionTable, fn, text } from './functions/signature.js';
import { GoTime } from './go/time.js';
import { formatTime } from './go/time-layout.js';
import { GoInt, type GoObject } from './go/values.js';
import { SemanticVersion } from './go/version.js';

type Method<Receiver> = (receiver: Receiver) => FunctionTable[string];

const unsigned = (value: bigint): GoInt => new GoInt('uint64', value);

/** The methods of versions that take no other version. */
const VERSION: Readonly<Record<string, Method<SemanticVersion>>> = {
  Major: (version) => fn('', () => unsigned(version.major)),
  Minor: (version) => fn('', () => unsigned(version.minor)),
  Patch: (version) => fn('', () => unsigned(version.patch)),
  Prerelease: (version) => fn('', () => version.prerelease),
  Metadata: (version) => fn('', () => version.metadata),
  Original: (version) => fn('', () => version.original),
  String: (version) => fn('', () => version.toString()),
};

/** The methods of times that give texts and numbers. */
const TIME: Readonly<Record<string, Method<GoTime>>> = {
  Unix: (time) => fn('', () => new GoInt('int64', BigInt(time.seconds))),
  UnixMilli: (time) =>
    fn(
      '',
      () =>
        new GoInt(
          'int64',
          BigInt(time.seconds) * 1_000n + BigInt(Math.floor(time.nanosecond / 1e6)),
        ),
    ),
  Year: (time) => fn('', () => GoInt.of(time.civil().year)),
  Day: (time) => fn('', () => GoInt.of(time.civil().day)),
  YearDay: (time) => fn('', () => GoInt.of(time.civil().yearDay)),
  Hour: (time) => fn('', () => GoInt.of(time.civil().hour)),
  Minute: (time) => fn('', () => GoInt.of(time.civil().minute)),
  Second: (time) => fn('', () => GoInt.of(time.civil().second)),
  Nanosecond: (time) => fn('', () => GoInt.of(time.nanosecond)),
  IsZero: (time) => fn('', () => time.seconds === GoTime.zero.seconds && time.nanosecond === 0),
  UTC: (time) => fn('', () => time.in('UTC')),
  String: (time) => fn('', () => time.toString()),
  Format: (time) => fn('string', (args) => formatTime(time.civil(), text(args, 0))),
};

/** A method of a time or a version, bound to it. */
export function methodOf(receiver: GoObject, name: string): FunctionTable[string] | undefined {
  if (receiver instanceof GoTime)
    return Object.hasOwn(TIME, name) ? TIME[name]?.(receiver) : undefined;
  if (receiver instanceof SemanticVersion)
    return Object.hasOwn(VERSION, name) ? VERSION[name]?.(receiver) : undefined;
  return undefined;
}
