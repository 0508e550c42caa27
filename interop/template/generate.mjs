// Expressions from a small grammar with types, so that most of them evaluate; the seed is fixed, so is the result.
const WANTED = 420;

function random(seed) {
  let state = seed >>> 0;
  return (limit) => {
    // Mulberry32: small, fixed forever, good enough to choose branches.
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** About `count` templates. */
export function generated(count = WANTED, seed = 20_240_229) {
  const below = random(seed);
  const pick = (options) => options[below(options.length)];
  const of = {
    text: (depth) =>
      depth <= 0
        ? pick([
            '.inputs.name',
            '.inputs.text',
            '.inputs.uni',
            '.inputs.empty',
            '"a,b,c"',
            '`x y`',
            '.inputs.path',
            '.inputs.spaces',
            '"Mixed Case-word_2"',
          ])
        : pick([
            () => `(upper ${of.text(depth - 1)})`,
            () => `(lower ${of.text(depth - 1)})`,
            () => `(trunc ${of.int(0)} ${of.text(depth - 1)})`,
            () => `(replace "a" ${of.text(0)} ${of.text(depth - 1)})`,
            () => `(join "-" ${of.list(depth - 1)})`,
            () => `(printf "%s/%v" ${of.text(depth - 1)} ${of.any(depth - 1)})`,
            () => `(quote ${of.any(depth - 1)})`,
            () => `(toJson ${of.any(depth - 1)})`,
            () => `(cat ${of.any(depth - 1)} ${of.any(depth - 1)})`,
            () => `(default ${of.text(0)} ${of.text(depth - 1)})`,
            () => `(ternary ${of.text(depth - 1)} ${of.text(0)} ${of.bool(depth - 1)} | toString)`,
            () => `(title ${of.text(depth - 1)})`,
            () => `(snakecase ${of.text(depth - 1)})`,
            () => `(kebabcase ${of.text(depth - 1)})`,
            () => `(camelcase ${of.text(depth - 1)})`,
            () => `(abbrev ${10 + below(20)} ${of.text(depth - 1)})`,
            () => `(wrap ${3 + below(12)} ${of.text(depth - 1)})`,
            () => `(b64enc ${of.text(depth - 1)} | b64dec)`,
            () => `(sha256sum ${of.text(depth - 1)} | trunc 8)`,
            () => `(toString ${of.any(depth - 1)})`,
            () => `(html ${of.any(depth - 1)})`,
            () => `(urlquery ${of.any(depth - 1)})`,
            () => `(substr 0 ${below(4)} (printf "%s....." ${of.text(depth - 1)}))`,
            () => `(print ${of.any(depth - 1)} ${of.any(depth - 1)})`,
          ])(),
    int: (depth) =>
      depth <= 0
        ? pick(['0', '1', '2', '-3', '7', '100'])
        : pick([
            () => `(len ${of.list(depth - 1)})`,
            () => `(int ${of.any(depth - 1)})`,
            () => `(atoi ${of.text(depth - 1)})`,
            () => of.int(0),
          ])(),
    number: (depth) =>
      depth <= 0
        ? pick([
            '.inputs.one',
            '.inputs.three',
            '.inputs.frac',
            '.inputs.big',
            '.inputs.neg',
            '.inputs.zero',
            '2.5',
            '7',
            '-1',
            '1e6',
          ])
        : pick([
            () => `(add ${of.number(depth - 1)} ${of.number(depth - 1)})`,
            () => `(sub ${of.number(depth - 1)} ${of.number(depth - 1)})`,
            () => `(mul ${of.number(depth - 1)} ${of.number(depth - 1)})`,
            () => `(div ${of.number(depth - 1)} ${of.number(depth - 1)})`,
            () => `(mod ${of.number(depth - 1)} ${of.number(depth - 1)})`,
            () => `(addf ${of.number(depth - 1)} ${of.number(depth - 1)})`,
            () => `(divf ${of.number(depth - 1)} ${of.number(depth - 1)})`,
            () => `(mulf ${of.number(depth - 1)} ${of.number(depth - 1)})`,
            () => `(round ${of.number(depth - 1)} ${below(4)})`,
            () => `(max ${of.number(depth - 1)} ${of.number(depth - 1)})`,
            () => `(minf ${of.number(depth - 1)} ${of.number(depth - 1)})`,
            () => `(floor ${of.number(depth - 1)})`,
            () => `(float64 ${of.any(depth - 1)})`,
            () => of.int(depth),
          ])(),
    bool: (depth) =>
      depth <= 0
        ? pick(['true', '.inputs.yes', '.inputs.no', 'false'])
        : pick([
            () => `(eq ${of.text(depth - 1)} ${of.text(depth - 1)})`,
            () => `(lt ${of.text(depth - 1)} ${of.text(depth - 1)})`,
            () => `(gt ${of.number(depth - 1)} ${of.number(depth - 1)})`,
            () => `(contains ${of.text(0)} ${of.text(depth - 1)})`,
            () => `(has ${of.any(depth - 1)} ${of.list(depth - 1)})`,
            () => `(empty ${of.any(depth - 1)})`,
            () => `(not ${of.any(depth - 1)})`,
            () => `(deepEqual ${of.any(depth - 1)} ${of.any(depth - 1)})`,
            () => `(kindIs "slice" ${of.any(depth - 1)})`,
            () => `(hasKey ${of.map(depth - 1)} "a")`,
          ])(),
    list: (depth) =>
      depth <= 0
        ? pick([
            '.inputs.list',
            '.inputs.words',
            '.inputs.mixed',
            '.inputs.emptyList',
            '.inputs.nested',
          ])
        : pick([
            () => `(list ${of.any(depth - 1)} ${of.any(depth - 1)})`,
            () => `(reverse ${of.list(depth - 1)})`,
            () => `(rest ${of.list(depth - 1)})`,
            () => `(initial ${of.list(depth - 1)})`,
            () => `(uniq ${of.list(depth - 1)})`,
            () => `(compact ${of.list(depth - 1)})`,
            () => `(append ${of.list(depth - 1)} ${of.any(depth - 1)})`,
            () => `(prepend ${of.list(depth - 1)} ${of.any(depth - 1)})`,
            () => `(concat ${of.list(depth - 1)} ${of.list(depth - 1)})`,
            () => `(without ${of.list(depth - 1)} ${of.any(depth - 1)})`,
            () => `(sortAlpha ${of.list(depth - 1)})`,
            () => `(splitList "," ${of.text(depth - 1)})`,
            () => `(toStrings ${of.list(depth - 1)})`,
            () => `(keys ${of.map(depth - 1)} | sortAlpha)`,
          ])(),
    map: (depth) =>
      depth <= 0
        ? pick(['.inputs.map', '.inputs.emptyMap', '.inputs.map.c', '(index .inputs.people 0)'])
        : pick([
            () => `(dict "a" ${of.any(depth - 1)} "b" ${of.any(depth - 1)})`,
            () => `(pick ${of.map(depth - 1)} "a" "c")`,
            () => `(omit ${of.map(depth - 1)} "b")`,
          ])(),
    any: (depth) =>
      pick([
        of.text,
        of.number,
        of.bool,
        of.list,
        of.map,
        of.int,
        () => pick(['.inputs.none', '.inputs.absent', 'nil']),
      ])(depth),
  };
  const whole = (depth) =>
    pick([
      () => `{{ ${of.any(depth)} }}`.replace('{{ nil }}', '{{ print nil }}'),
      () => `{{ printf "%v|%T" ${of.any(depth)} ${of.any(depth)} }}`,
      () =>
        `{{ if ${of.bool(depth)} }}yes {{ ${of.text(depth)} }}{{ else }}no {{ ${of.number(depth)} }}{{ end }}`,
      () => `{{ range $i, $v := ${of.list(depth)} }}{{ $i }}:{{ $v }} {{ else }}none{{ end }}`,
      () => `{{ range $k, $v := ${of.map(depth)} }}{{ $k }}={{ $v }};{{ end }}`,
      () =>
        `{{ with ${of.any(depth)} }}[{{ . }}]{{ else }}empty{{ end }}`.replace(
          'with nil',
          'with print nil',
        ),
      () => `{{ $x := ${of.list(depth)} }}{{ len $x }} {{ first $x }} {{ $x | toJson }}`,
      () => `{{- ${of.number(depth)} | printf "%v" -}} / {{ ${of.text(depth)} | upper | quote }}`,
      () => `{{ index ${of.list(depth)} ${of.int(0)} }}`,
      () => `{{ ${of.map(depth)} | toPrettyJson }}`,
    ])();
  const seen = new Set();
  while (seen.size < count) {
    const template = whole(1 + below(3));
    // `cat`, `keys` and others behave the same everywhere, but map order and slice capacity of Go do not; those are left out above.
    if (template.length < 600) seen.add(template);
  }
  return [...seen];
}
