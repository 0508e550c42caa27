import { formatDuration } from '@engramkit/core';
import { FunctionError } from '../errors.js';
import { readDuration } from '../go/duration.js';
import { parseIntText } from '../go/float.js';
import { GoTime } from '../go/time.js';
import { formatTime } from '../go/time-layout.js';
import { parseTime } from '../go/time-parse.js';
import { GoInt } from '../go/values.js';
import { isZone, type Zone } from '../go/zones.js';
import { type FunctionEnvironment, type FunctionTable, fn, text } from './signature.js';

const SECOND = 1_000_000_000n;
const AGES: ReadonlyArray<readonly [bigint, string]> = [
  [365n * 24n * 3_600n * SECOND, 'y'],
  [30n * 24n * 3_600n * SECOND, 'mo'],
  [24n * 3_600n * SECOND, 'd'],
  [3_600n * SECOND, 'h'],
  [60n * SECOND, 'm'],
  [SECOND, 's'],
];

/** The current time in the local zone. */
export function nowTime(environment: FunctionEnvironment): GoTime {
  return GoTime.fromMilliseconds(environment.clock.now(), environment.zone);
}

/** Times, and integers as seconds since 1970; anything else, JSON numbers included, means now. */
function instantOf(value: unknown, environment: FunctionEnvironment): GoTime {
  if (value instanceof GoTime) return value;
  const whole =
    value instanceof GoInt &&
    (value.kind === 'int' || value.kind === 'int64' || value.kind === 'int32');
  return whole ? new GoTime(Number(value.value), 0, environment.zone) : nowTime(environment);
}

function show(
  layout: string,
  value: unknown,
  zone: Zone,
  environment: FunctionEnvironment,
): string {
  return formatTime(instantOf(value, environment).in(zone).civil(), layout);
}

/** A zone by name: empty is UTC, `Local` the local one, unknown ones UTC. */
function zoneOf(name: string, environment: FunctionEnvironment): Zone {
  if (name === 'Local') return environment.zone;
  return name !== '' && isZone(name) ? name : 'UTC';
}

function modified(args: readonly unknown[], strict: boolean): GoTime {
  const parsed = readDuration(text(args, 0));
  const date = args[1] as GoTime;
  if ('nanoseconds' in parsed) return date.plus(parsed.nanoseconds);
  if (strict) throw new FunctionError(parsed.problem);
  return date;
}

function parsed(
  args: readonly unknown[],
  environment: FunctionEnvironment,
  strict: boolean,
): GoTime {
  const result = parseTime(text(args, 0), text(args, 1), environment.zone);
  if ('time' in result) return result.time;
  if (strict) throw new FunctionError(result.problem);
  return GoTime.zero;
}

function rounded(value: unknown, environment: FunctionEnvironment): string {
  let size = 0n;
  if (typeof value === 'string') {
    const duration = readDuration(value);
    if ('nanoseconds' in duration) size = duration.nanoseconds;
  } else if (value instanceof GoInt && value.kind === 'int64') size = value.value;
  else if (value instanceof GoTime) {
    const now = nowTime(environment);
    size = BigInt(now.seconds - value.seconds) * SECOND + BigInt(now.nanosecond - value.nanosecond);
  }
  if (size < 0n) size = -size;
  for (const [unit, name] of AGES) if (size > unit) return `${size / unit}${name}`;
  return '0s';
}

function seconds(value: unknown): bigint {
  if (typeof value === 'string') return parseIntText(value, 10) ?? 0n;
  return value instanceof GoInt && value.kind === 'int64' ? value.value : 0n;
}

const date = fn('string any', (args, environment) =>
  show(text(args, 0), args[1], environment.zone, environment),
);
const dateInZone = fn('string any string', (args, environment) => {
  return show(text(args, 0), args[1], zoneOf(text(args, 2), environment), environment);
});
const dateModify = fn('string time', (args) => modified(args, false));
const mustDateModify = fn('string time', (args) => modified(args, true));

/** Functions on times. Source: template section 6. */
export const DATES: FunctionTable = {
  date,
  dateInZone,
  date_in_zone: dateInZone,
  dateModify,
  date_modify: dateModify,
  mustDateModify,
  must_date_modify: mustDateModify,
  duration: fn('any', ([value]) => formatDuration(BigInt.asIntN(64, seconds(value) * SECOND))),
  durationRound: fn('any', ([value], environment) => rounded(value, environment)),
  htmlDate: fn('any', ([value], environment) =>
    show('2006-01-02', value, environment.zone, environment),
  ),
  htmlDateInZone: fn('any string', (args, environment) =>
    show('2006-01-02', args[0], zoneOf(text(args, 1), environment), environment),
  ),
  toDate: fn('string string', (args, environment) => parsed(args, environment, false)),
  mustToDate: fn('string string', (args, environment) => parsed(args, environment, true)),
  unixEpoch: fn('time', ([value]) => String((value as GoTime).seconds)),
};
