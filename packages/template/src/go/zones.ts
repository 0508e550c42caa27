/** A named zone (`UTC`, `Europe/Berlin`) or a fixed offset. */
export type Zone = string | { readonly name: string; readonly offsetSeconds: number };

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(name: string): Intl.DateTimeFormat {
  const known = formatters.get(name);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone: name,
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(name, made);
  return made;
}

/** Whether the platform knows the zone; names are case sensitive as in the zone database. */
export function isZone(name: string): boolean {
  if (name === 'UTC') return true;
  if (!/^[A-Za-z][A-Za-z0-9_+-]*(?:\/[A-Za-z0-9_+-]+)*$/.test(name)) return false;
  try {
    formatterOf(name);
    return true;
  } catch {
    return false; // Intl throws a RangeError for names it does not know.
  }
}

/** Standard and summer abbreviations of the zone database for the zones that have letters instead of an offset. */
const ABBREVIATIONS: ReadonlyArray<readonly [RegExp, string, string]> = [
  [/^EST$/, 'EST', 'EST'],
  [/^HST$/, 'HST', 'HST'],
  [
    /^America\/(?:New_York|Toronto|Detroit|Montreal|Indiana\/.*|Kentucky\/.*|Nassau)$|^US\/Eastern$|^EST5EDT$/,
    'EST',
    'EDT',
  ],
  [
    /^America\/(?:Chicago|Winnipeg|Menominee|North_Dakota\/.*|Matamoros)$|^US\/Central$|^CST6CDT$|^America\/(?:Mexico_City|Regina|Costa_Rica|Guatemala)$/,
    'CST',
    'CDT',
  ],
  [
    /^America\/(?:Denver|Boise|Edmonton|Phoenix)$|^US\/(?:Mountain|Arizona)$|^MST7MDT$|^MST$/,
    'MST',
    'MDT',
  ],
  [/^America\/(?:Los_Angeles|Vancouver|Tijuana)$|^US\/Pacific$|^PST8PDT$/, 'PST', 'PDT'],
  [/^America\/(?:Anchorage|Juneau)$|^US\/Alaska$/, 'AKST', 'AKDT'],
  [/^America\/(?:Halifax|Moncton)$/, 'AST', 'ADT'],
  [/^America\/St_Johns$/, 'NST', 'NDT'],
  [/^Pacific\/Honolulu$|^US\/Hawaii$/, 'HST', 'HDT'],
  [/^Europe\/(?:London|Belfast|Jersey|Guernsey|Isle_of_Man)$|^GB$/, 'GMT', 'BST'],
  [/^Europe\/Dublin$/, 'GMT', 'IST'],
  [/^Europe\/Lisbon$|^WET$|^Atlantic\/(?:Madeira|Canary|Faroe)$/, 'WET', 'WEST'],
  [
    /^Europe\/(?:Athens|Bucharest|Chisinau|Helsinki|Kiev|Kyiv|Mariehamn|Nicosia|Riga|Sofia|Tallinn|Vilnius)$|^EET$/,
    'EET',
    'EEST',
  ],
  [/^Europe\/(?:Moscow|Simferopol)$/, 'MSK', 'MSD'],
  [/^Europe\/(?:Istanbul|Minsk|Samara|Saratov|Ulyanovsk|Volgograd|Astrakhan|Kirov)$/, '', ''],
  [/^Europe\/.*$|^CET$|^Africa\/(?:Tunis|Algiers|Ceuta)$|^Arctic\/Longyearbyen$/, 'CET', 'CEST'],
  [/^Asia\/Tokyo$|^Japan$/, 'JST', 'JDT'],
  [/^Asia\/Seoul$/, 'KST', 'KDT'],
  [/^Asia\/(?:Shanghai|Taipei|Macau|Chongqing|Harbin)$|^PRC$/, 'CST', 'CDT'],
  [/^Asia\/Hong_Kong$/, 'HKT', 'HKST'],
  [/^Asia\/(?:Kolkata|Calcutta)$/, 'IST', 'IST'],
  [/^Asia\/(?:Jerusalem|Tel_Aviv)$/, 'IST', 'IDT'],
  [/^Asia\/Karachi$/, 'PKT', 'PKST'],
  [/^Asia\/Jakarta$/, 'WIB', 'WIB'],
  [/^Asia\/Manila$/, 'PST', 'PDT'],
  [/^Australia\/(?:Sydney|Melbourne|Hobart|Canberra|Brisbane|Lindeman)$/, 'AEST', 'AEDT'],
  [/^Australia\/(?:Adelaide|Darwin|Broken_Hill)$/, 'ACST', 'ACDT'],
  [/^Australia\/Perth$/, 'AWST', 'AWDT'],
  [/^Pacific\/Auckland$|^NZ$/, 'NZST', 'NZDT'],
  [/^Africa\/(?:Johannesburg|Maseru|Mbabane)$/, 'SAST', 'SAST'],
  [/^Africa\/(?:Lagos|Kinshasa|Luanda|Niamey|Douala)$/, 'WAT', 'WAST'],
  [/^Africa\/(?:Nairobi|Kampala|Addis_Ababa|Mogadishu|Dar_es_Salaam)$/, 'EAT', 'EAT'],
  [/^Africa\/(?:Harare|Maputo|Lusaka|Khartoum|Kigali|Lubumbashi)$/, 'CAT', 'CAST'],
  [/^Africa\/Cairo$|^Egypt$/, 'EET', 'EEST'],
  [
    /^Africa\/(?:Accra|Abidjan|Dakar)$|^GMT$|^Etc\/GMT$|^Atlantic\/Reykjavik$|^Iceland$/,
    'GMT',
    'GMT',
  ],
  [/^Etc\/(?:UTC|Universal|Zulu|UCT)$|^(?:UCT|Universal|Zulu)$/, 'UTC', 'UTC'],
];

/** Offset from UTC and the abbreviation that holds at an instant; without a known abbreviation the offset stands in. */
export function zoneAt(
  zone: Zone,
  seconds: number,
): { readonly offsetSeconds: number; readonly name: string } {
  if (zone === 'UTC') return { offsetSeconds: 0, name: 'UTC' };
  if (typeof zone !== 'string') return zone;
  const offsetSeconds = offsetAt(zone, seconds);
  const names = ABBREVIATIONS.find(([pattern]) => pattern.test(zone));
  const summer = names !== undefined && offsetSeconds > standardOffset(zone, seconds);
  const name = (summer ? names?.[2] : names?.[1]) ?? '';
  return { offsetSeconds, name: name === '' ? printOffset(offsetSeconds) : name };
}

/** The zone's offset at the instant that its wall clock shows as `localSeconds`. */
export function offsetForLocal(zone: Zone, localSeconds: number): number {
  const first = zoneAt(zone, localSeconds).offsetSeconds;
  return zoneAt(zone, localSeconds - first).offsetSeconds;
}

function printOffset(offsetSeconds: number): string {
  const minutes = Math.floor(Math.abs(offsetSeconds) / 60);
  const hours = String(Math.floor(minutes / 60)).padStart(2, '0');
  const rest = minutes % 60 === 0 ? '' : String(minutes % 60).padStart(2, '0');
  return `${offsetSeconds < 0 ? '-' : '+'}${hours}${rest}`;
}

function standardOffset(zone: string, seconds: number): number {
  const half = 15_778_800;
  return Math.min(
    offsetAt(zone, seconds),
    offsetAt(zone, seconds + half),
    offsetAt(zone, seconds - half),
  );
}

/** Offsets change at full quarters of an hour at the most often; each is asked for once. */
const QUARTER = 900;
const KEPT_OFFSETS = 2_000;
const offsets = new Map<string, number>();

function offsetAt(zone: string, seconds: number): number {
  const key = `${zone}|${Math.floor(seconds / QUARTER)}`;
  const known = offsets.get(key);
  if (known !== undefined) return known;
  const offset = readOffset(zone, Math.floor(seconds / QUARTER) * QUARTER);
  if (offsets.size >= KEPT_OFFSETS) offsets.clear();
  offsets.set(key, offset);
  return offset;
}

function readOffset(zone: string, seconds: number): number {
  const fields = new Map(
    formatterOf(zone)
      .formatToParts(seconds * 1_000)
      .map((part) => [part.type, part.value]),
  );
  const read = (type: Intl.DateTimeFormatPartTypes): number => Number(fields.get(type) ?? '0');
  const year = fields.get('era') === 'BC' ? 1 - read('year') : read('year');
  const shown = new Date(0);
  shown.setUTCFullYear(year, read('month') - 1, read('day'));
  shown.setUTCHours(read('hour'), read('minute'), read('second'));
  return Math.round(shown.getTime() / 1_000) - seconds;
}
