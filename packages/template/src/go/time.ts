import { formatTime } from './time-layout.js';
import { GoObject } from './values.js';
import { type Zone, zoneAt } from './zones.js';

const DAY = 86_400;
/** Seconds from 0001-01-01 to 1970-01-01. */
const YEAR_ONE = -62_135_596_800;

/** Calendar fields of an instant in a zone. */
export interface Civil {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly nanosecond: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  readonly yearDay: number;
  readonly offsetSeconds: number;
  readonly zoneName: string;
}

/** A `time.Time`: seconds since 1970 with nanoseconds, shown in a zone. */
export class GoTime extends GoObject {
  readonly typeName = 'time.Time';
  readonly kindName = 'struct';

  constructor(
    readonly seconds: number,
    readonly nanosecond: number,
    readonly zone: Zone,
  ) {
    super();
  }

  /** The zero time, 0001-01-01 00:00 UTC. */
  static readonly zero = new GoTime(YEAR_ONE, 0, 'UTC');

  static fromMilliseconds(milliseconds: number, zone: Zone): GoTime {
    const seconds = Math.floor(milliseconds / 1_000);
    return new GoTime(seconds, Math.round((milliseconds - seconds * 1_000) * 1e6), zone);
  }

  in(zone: Zone): GoTime {
    return new GoTime(this.seconds, this.nanosecond, zone);
  }

  plus(nanoseconds: bigint): GoTime {
    const total = BigInt(this.nanosecond) + nanoseconds;
    const scale = 1_000_000_000n;
    const carry = total >= 0n ? total / scale : -((-total + scale - 1n) / scale);
    return new GoTime(this.seconds + Number(carry), Number(total - carry * scale), this.zone);
  }

  civil(): Civil {
    const { offsetSeconds, name } = zoneAt(this.zone, this.seconds);
    const local = this.seconds + offsetSeconds;
    const days = Math.floor(local / DAY);
    const inDay = local - days * DAY;
    const date = dateOf(days);
    return {
      ...date,
      hour: Math.floor(inDay / 3_600),
      minute: Math.floor((inDay % 3_600) / 60),
      second: inDay % 60,
      nanosecond: this.nanosecond,
      weekday: (((days + 4) % 7) + 7) % 7,
      yearDay: days - daysOf(date.year, 1, 1) + 1,
      offsetSeconds,
      zoneName: name,
    };
  }

  override toString(): string {
    return formatTime(this.civil(), '2006-01-02 15:04:05.999999999 -0700 MST');
  }

  override toJsonText(): string {
    return formatTime(this.civil(), '2006-01-02T15:04:05.999999999Z07:00');
  }

  override equals(other: GoObject): boolean {
    return (
      other instanceof GoTime &&
      other.seconds === this.seconds &&
      other.nanosecond === this.nanosecond &&
      other.zone === this.zone
    );
  }
}

/** Days since 1970-01-01 of a date in the proleptic Gregorian calendar; days beyond the month carry over. */
export function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year;
  const era = Math.floor(shifted / 400);
  const yearOfEra = shifted - era * 400;
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}

function dateOf(days: number): {
  readonly year: number;
  readonly month: number;
  readonly day: number;
} {
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1_460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1;
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
