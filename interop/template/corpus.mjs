// The expressions that both engines evaluate: written by hand for every function and every kind of failure, and generated.
import { readFileSync } from 'node:fs';
import { generated } from './generate.mjs';

const more = readFileSync(new URL('more-cases.txt', import.meta.url), 'utf8')
  .split('\n')
  .filter(Boolean);

export const datasets = {
  main: {
    inputs: {
      name: 'Ada Lovelace',
      empty: '',
      text: 'The quick brown fox jumps over the lazy dog',
      uni: 'Größe – naïve 日本語 🎉',
      html: `<a href="x">Tom & 'Jerry'</a> = \\ \u2028`,
      lines: 'one\ntwo\n\nthree',
      spaces: '  \t padded \n ',
      path: '/var/log/../data/./report.tar.gz',
      zero: 0,
      one: 1,
      three: 3,
      neg: -7,
      big: 1234567,
      million: 1e6,
      huge: 1e21,
      tiny: 0.00001,
      small: 0.0001,
      frac: 3.1875,
      half: 2.5,
      yes: true,
      no: false,
      none: null,
      list: [3, 1, 2],
      words: ['pear', 'apple', 'fig', 'apple'],
      mixed: [1, 'two', null, true, 2.5, { k: 'v' }, [1, 2]],
      nested: [[1, 2], [3], []],
      emptyList: [],
      emptyMap: {},
      map: { b: 2, a: 1, c: { d: [10, 20], e: 'deep' }, 'x-y': 'dash', __proto__x: 1 },
      people: [
        { name: 'Ann', age: 30, tags: ['a', 'b'] },
        { name: 'Bob', age: 25, tags: [] },
        { name: 'Cid', age: 41 },
      ],
      json: '{"a":[1,2.5,"x"],"b":null}',
      numberText: '42',
      floatText: '2.50',
      ref: { $bubuStorageRef: 'outputs/ns/run/body.json', $bubuStoragePath: 'items[0]' },
    },
    steps: { fetch: { output: { status: 200, body: { items: [{ id: 'i1' }, { id: 'i2' }] } } } },
    packet: { id: 7, kind: 'audio' },
  },
  odd: {
    inputs: {
      constructor: 'c',
      toString: 't',
      length: 5,
      hasOwnProperty: [1],
      a: { constructor: { name: 'n' }, valueOf: 1 },
      s: 'text',
      l: [1, 2, 3],
      quotes: 'a"b\'c`d',
      control: 'tab\tbell\u0007nul\u0000esc\u001b',
      wide: '𝒳𝓎 é e\u0301 ﬁ ß İ Ǆ',
    },
    steps: {},
  },
};

const byGroup = {
  text: `
plain text without actions
{{ "a" }}{{ 'x' }}{{ \`raw\\n\` }}{{ "esc\\t\\"q\\" \\u00e9 \\x41 \\101" }}
{{- 1 -}} x {{- 2 }} y {{ 3 -}}  z
a {{/* comment */}} b {{- /* trimmed */ -}} c
{{ 1 }}{{ -1 }}{{ +1 }}{{ 0x1F }}{{ 0b101 }}{{ 0o17 }}{{ 017 }}{{ 1_000 }}{{ 1e3 }}{{ 1.5e-7 }}{{ .5 }}{{ 5. }}{{ 0x1p4 }}{{ 1e6 }}{{ 1e20 }}{{ 1e21 }}
{{ true }}{{ false }}
{{ "{{" }} and {{ "}}" }}
{{ '\\n' }} {{ '\\'' }} {{ '日' }} {{ '\\u00e9' }}
{{ print nil }}
{{ . | printf "%T" }}
{{ .inputs.big }} {{ .inputs.million }} {{ .inputs.huge }} {{ .inputs.tiny }} {{ .inputs.small }} {{ .inputs.frac }} {{ .inputs.neg }}
{{ .inputs.none }}|{{ .inputs.absent }}|{{ .absent }}
{{ .inputs.list }} {{ .inputs.mixed }} {{ .inputs.map }} {{ .inputs.emptyList }} {{ .inputs.emptyMap }} {{ .inputs.nested }}
{{ .inputs.people }}
{{ .inputs.yes }} {{ .inputs.no }}
{{ .packet.id }} {{ .steps.fetch.output.status }}
{{ $.inputs.name }} {{ $ | kindOf }}
{{ (index .inputs.people 1).name }} {{ (index .inputs.map "x-y") }}
{{ (.inputs.map).c.e }} {{ .inputs.map.c.d }}
{{ (index .inputs.map "zz").deeper.still }}`,
  control: `
{{ if .inputs.yes }}y{{ else }}n{{ end }}{{ if .inputs.no }}y{{ else }}n{{ end }}{{ if .inputs.zero }}y{{ end }}{{ if .inputs.empty }}y{{ end }}{{ if .inputs.none }}y{{ end }}
{{ if .inputs.emptyList }}y{{ else if .inputs.emptyMap }}m{{ else if .inputs.list }}list{{ else }}n{{ end }}
{{ with .inputs.map }}{{ .a }}{{ .b }}{{ end }}{{ with .inputs.none }}x{{ else }}none{{ end }}{{ with .inputs.absent }}x{{ else with .inputs.name }}{{ . }}{{ end }}
{{ with $x := .inputs.name }}{{ $x }}{{ . }}{{ end }}
{{ range .inputs.list }}[{{ . }}]{{ end }}
{{ range $v := .inputs.list }}{{ $v }};{{ end }}
{{ range $i, $v := .inputs.list }}{{ $i }}={{ $v }};{{ end }}
{{ range $k, $v := .inputs.map }}{{ $k }}:{{ $v }};{{ end }}
{{ range .inputs.map }}{{ . }};{{ end }}
{{ range .inputs.emptyList }}x{{ else }}nothing{{ end }}{{ range .inputs.none }}x{{ else }}nil{{ end }}{{ range .inputs.absent }}x{{ else }}absent{{ end }}
{{ range 4 }}{{ . }}{{ end }}{{ range $i := 3 }}{{ $i }}{{ end }}{{ range 0 }}x{{ else }}zero{{ end }}
{{ range .inputs.list }}{{ if eq . 1.0 }}{{ continue }}{{ end }}{{ . }}{{ end }}
{{ range .inputs.list }}{{ if eq . 1.0 }}{{ break }}{{ end }}{{ . }}{{ end }}
{{ range $i, $p := .inputs.people }}{{ if $i }}, {{ end }}{{ $p.name }} ({{ $p.age }}){{ range $p.tags }}#{{ . }}{{ else }}-{{ end }}{{ end }}
{{ range .inputs.nested }}<{{ range . }}{{ . }}{{ else }}empty{{ end }}>{{ end }}
{{ $x := 1 }}{{ $x }}{{ $x = 2 }}{{ $x }}{{ if true }}{{ $x = 3 }}{{ $x := 9 }}{{ $x }}{{ end }}{{ $x }}
{{ $sum := 0 }}{{ range .inputs.list }}{{ $sum = add $sum . }}{{ end }}{{ $sum }}
{{ $a := 1 }}{{ $b := $a }}{{ $a = 5 }}{{ $a }}{{ $b }}
{{ $m := .inputs.map }}{{ $m.c.e }}{{ $m.absent }}
{{ $last := "" }}{{ range $i, $last = .inputs.words }}{{ end }}
{{ $i := 0 }}{{ $v := "" }}{{ range $i, $v = .inputs.words }}{{ end }}{{ $i }}{{ $v }}
{{ $v := "" }}{{ range $v = .inputs.words }}{{ end }}{{ $v }}
{{ define "t" }}<{{ . }}>{{ end }}{{ template "t" .inputs.name }}{{ template "t" }}{{ template "t" 3 }}
{{ block "b" .inputs.map }}{{ .a }}{{ end }}{{ template "b" .inputs.emptyMap }}
{{ define "r" }}{{ . }}{{ if gt . 0 }}{{ template "r" (sub . 1 | int) }}{{ end }}{{ end }}{{ template "r" 3 }}
{{ define "a" }}{{ $x := 1 }}{{ $x }}{{ end }}{{ template "a" }}{{ define "b" }}{{ template "a" }}{{ end }}{{ template "b" }}
{{ range $i, $w := .inputs.words }}{{ with $w }}{{ $i }}{{ . }}{{ end }}{{ end }}
{{ if and .inputs.yes (not .inputs.no) }}ok{{ end }}{{ if or .inputs.no .inputs.empty .inputs.name }}or{{ end }}
{{ range $k, $v := split "," "a,b" }}{{ $k }}{{ $v }}{{ end }}{{ range splitList "," "a,b" }}<{{ . }}>{{ end }}`,
  builtin: `
{{ and }}
{{ or 0 "" nil .inputs.name }}|{{ or 0 "" }}|{{ and 1 "x" }}|{{ and 1 "" 2 }}|{{ and .inputs.absent 1 }}
{{ 0 | or 5 }}|{{ 0 | or 0 }}|{{ "z" | and 1 }}
{{ not 0 }}{{ not "x" }}{{ not .inputs.none }}{{ not .inputs.list }}
{{ eq 1 1 }}{{ eq 1 2 }}{{ eq "a" "b" "a" }}{{ eq .inputs.one 1.0 }}{{ eq .inputs.name "Ada Lovelace" }}{{ eq true .inputs.yes }}{{ eq .inputs.none nil }}{{ eq nil nil }}{{ eq .inputs.none .inputs.absent }}
{{ ne 1 2 }}{{ ne "a" "a" }}{{ lt 1 2 }}{{ le 2 2 }}{{ gt 3 2 }}{{ ge 2 3 }}{{ lt "a" "b" }}{{ lt 1.5 2.5 }}{{ gt "ä" "z" }}{{ le "a" "a" }}
{{ eq (int 1) (int64 1) }}{{ lt (int64 1) 2 }}
{{ eq .inputs.one 1 }}
{{ eq 1 "1" }}
{{ eq .inputs.list .inputs.list }}
{{ eq .inputs.map .inputs.list }}
{{ eq .inputs.map .inputs.map }}
{{ eq 1 }}
{{ eq .inputs.none 1 }}{{ eq 1 .inputs.none }}{{ eq .inputs.map nil }}
{{ lt .inputs.one 2 }}
{{ lt true false }}
{{ lt .inputs.none 1 }}
{{ lt .inputs.list 1 }}
{{ ne 1 }}
{{ index .inputs.list 0 }}{{ index .inputs.nested 0 1 }}{{ index .inputs.map "a" }}{{ index .inputs.map "zz" }}{{ index .inputs.map "c" "d" 1 }}{{ index "abc" 1 }}{{ index .inputs.list }}
{{ index .inputs.list 3 }}
{{ index .inputs.list 4 }}
{{ index .inputs.list -1 }}
{{ index .inputs.list 1.0 }}
{{ index .inputs.list "a" }}
{{ index .inputs.list nil }}
{{ index .inputs.map 1 }}
{{ index .inputs.map nil }}
{{ index .inputs.none 1 }}
{{ index .inputs.one 1 }}
{{ index nil 1 }}
{{ index .inputs.mixed 2 0 }}
{{ index "abc" 3 }}
{{ index "abc" 9 }}
{{ index .inputs.list .inputs.one }}
{{ len .inputs.uni }} {{ len .inputs.list }} {{ len .inputs.map }} {{ len .inputs.none }} {{ len .inputs.absent }} {{ len "" }} {{ len (splitList "," "a,b,c") }} {{ len (split "," "a,b") }}
{{ len .inputs.one }}
{{ len .inputs.yes }}
{{ len .inputs.ref }}
{{ print 1 2 "a" "b" 3 4 nil nil true }}|{{ println 1 "a" nil }}|{{ print }}|{{ print .inputs.none .inputs.list }}
{{ html .inputs.html }}|{{ html .inputs.absent }}|{{ html 1 2 "<" }}|{{ html "plain" }}
{{ js .inputs.html }}|{{ js "\\u0001\\u00a0é\\u200b" }}|{{ js .inputs.list }}
{{ urlquery .inputs.uni }}|{{ urlquery "a b&c=d/e?f+g~h*" }}|{{ urlquery 1 2 }}|{{ urlquery .inputs.absent }}
{{ .inputs.html | html | js }}
{{ call .inputs.name }}
{{ call nil }}
{{ call }}
{{ .inputs.name | call }}
{{ .inputs.one | call }}
{{ call .inputs.map 1 }}
{{ slice .inputs.list 1 2 }}{{ slice .inputs.list 1 }}{{ slice .inputs.list }}{{ slice .inputs.emptyList }}{{ slice (splitList "," "a,b,c") 1 }}
{{ slice .inputs.list 2 1 }}
{{ slice "text" 1 2 }}
{{ slice nil }}`,
  printf: `
{{ printf "%d %5d|%-5d|%05d|%+d|% d|%x|%X|%#x|%o|%#o|%O|%b|%#b|%c|%q|%U|%#U" 42 42 42 42 42 42 42 42 42 42 42 42 42 42 65 65 65 65 }}
{{ printf "%s|%10s|%-10s|%.2s|%q|%x|%X|% x|%#x|%#q|%+q|%05s" "héllo" "héllo" "héllo" "héllo" "hé\\"l" "hé" "hé" "hé" "hé" "hé" "hé" "ab" }}
{{ printf "%v %+v %#v %T" .inputs.frac .inputs.frac .inputs.frac .inputs.frac }}
{{ printf "%f|%.2f|%8.3f|%-8.1f|%08.2f|%+.1f|%e|%E|%.3e|%g|%G|%.3g|%10.4g|%x|%b" 3.14159 3.14159 3.14159 3.14159 3.14159 3.14159 31415.9 31415.9 31415.9 1e-7 1e-7 31415.9 31415.9 3.5 3.5 }}
{{ printf "%g %g %g %.0f %.1f %.0f %5.0f|% f|%#g|%#.3g|%#v" 1e20 1e21 123456789.0 2.5 0.25 0.5 9.5 1.5 1.0 1.0 1e6 }}
{{ printf "%t %v %5t" true false true }}
{{ printf "%v %d %s %q" .inputs.list .inputs.list .inputs.list .inputs.words }}
{{ printf "%#v %#v %#v" .inputs.map .inputs.words .inputs.mixed }}
{{ printf "%T %T %T %T %T %T %T" nil 1 1.5 "s" true .inputs.map .inputs.list }}
{{ printf "%T %T %T %T" (add 1 2) (splitList "," "a") (split "," "a") (atoi "1") }}
{{ printf "%d %s" "x" 5 }}
{{ printf "%d" 1.5 }}{{ printf "%s" nil }}{{ printf "%v" nil }}{{ printf "%t" 1 }}{{ printf "%z" 1 }}{{ printf "%!" 1 }}{{ printf "%" }}{{ printf "%d" }}
{{ printf "%d %d" 1 }}{{ printf "%d" 1 2 "x" nil }}{{ printf "no verbs" 1 }}
{{ printf "%[2]d %[1]d" 1 2 }}{{ printf "%[3]d" 1 }}{{ printf "%[x]d" 1 }}{{ printf "%[2]*[1]d|" 7 5 }}{{ printf "%[1]d %[1]s %d" 1 2 }}
{{ printf "%*d|%-*d|%.*f|%*d" 5 42 5 42 2 3.14159 "x" 1 }}
{{ printf "%6.2f%%" .inputs.frac }}{{ printf "%5%|" }}
{{ printf "%10v|%-10v|%010v" .inputs.list .inputs.name 12 }}
{{ printf "%x %X" .inputs.name .inputs.big }}
{{ printf "%v %v" .inputs.huge .inputs.tiny }}{{ printf "%5.1f|%+v" .inputs.list .inputs.map }}
{{ printf "%s %v" .inputs.people .inputs.nested }}
{{ printf 1 }}
{{ printf .inputs.one }}
{{ printf }}
{{ .inputs.name | printf "%s-%s" "x" }}
{{ printf "%c%c" 0x1F600 26085 }}{{ printf "%q %q" 0x1F600 10 }}{{ printf "%U" 0x1F600 }}
{{ printf "%v %s" (semver "1.2.3") (semver "v1.2") }}`,
  strings: `
{{ abbrev 10 .inputs.text }}|{{ abbrev 3 .inputs.text }}|{{ abbrev 100 .inputs.text }}|{{ abbrev 5 "" }}
{{ abbrevboth 5 15 .inputs.text }}|{{ abbrevboth 5 6 .inputs.text }}|{{ abbrevboth 40 15 .inputs.text }}|{{ abbrevboth 2 10 .inputs.text }}|{{ abbrevboth 100 10 .inputs.text }}
{{ trunc 5 .inputs.text }}|{{ trunc -3 .inputs.text }}|{{ trunc 0 "abc" }}|{{ trunc -10 "abc" }}|{{ trunc 2 "é" }}
{{ trunc 1 "é" }}|{{ trunc 3 .inputs.uni }}
{{ trim .inputs.spaces | quote }}{{ upper .inputs.uni }}{{ lower .inputs.uni }}{{ title "hello wORLD o'neil foo-bar 日 x_y" }}{{ untitle "Hello World" }}
{{ substr 0 3 "hello" }}|{{ substr -1 3 "hello" }}|{{ substr 2 -1 "hello" }}|{{ substr 2 99 "hello" }}|{{ substr 1 3 "hello" }}
{{ substr 3 1 "hello" }}
{{ substr -1 9 "hello" }}
{{ substr 9 20 "hello" }}
{{ trimAll "-" "--a-b--" }}{{ trimall "xy" "xyzyx" }}{{ trimSuffix ".go" "a.go" }}{{ trimPrefix "a" "abc" }}{{ trimSuffix "" "x" }}{{ trimAll "é" "éaé" }}
{{ nospace " a b\\tc\\n" }}{{ initials "ada king lovelace" }}{{ initials "" }}{{ nospace "é" }}
{{ snakecase "FirstName HTTPServer http2xx Bld4Floor3rd GO-PATH no_change" }}|{{ snakecase "" }}|{{ snakecase "HTTP20xOK" }}|{{ snakecase "a1B2c3" }}|{{ snakecase "__x--y" }}|{{ snakecase "Duration2m3s" }}
{{ camelcase "http_server some words GOLANG_IS-great _lead" }}|{{ camelcase "__a__b" }}|{{ camelcase "x" }}|{{ camelcase "" }}|{{ camelcase "_" }}
{{ kebabcase "FirstName some_words HTTPServer99" }}|{{ kebabcase "aB.cD!e" }}
{{ wrap 10 .inputs.text }}|{{ wrapWith 5 "|" "Hello Worldwide web" }}|{{ wrap 0 "ab cd" }}|{{ wrap 3 "abcdefgh ij" }}|{{ wrapWith 4 "" "abcdefgh" }}
{{ contains "qui" .inputs.text }}{{ hasPrefix "The" .inputs.text }}{{ hasSuffix "cat" .inputs.text }}{{ contains "" "x" }}
{{ quote .inputs.name 1 nil true 2.5 }}{{ squote .inputs.name 1 nil }}{{ quote }}{{ quote .inputs.list }}{{ quote "a\\"b\\n" }}{{ .inputs.none | quote }}
{{ cat "a" 1 nil true .inputs.list }}|{{ cat }}|{{ cat nil }}|{{ cat " x " }}|{{ cat "a" "" "b" }}
{{ indent 2 .inputs.lines }}|{{ nindent 4 .inputs.lines }}|{{ indent 0 "x" }}
{{ indent -1 "x" }}
{{ replace "o" "0" .inputs.text }}{{ replace "" "-" "abc" }}{{ replace "x" "$&" "axb" }}
{{ plural "one" "many" 1 }}{{ plural "one" "many" 0 }}{{ len .inputs.words | plural "one word" "many words" }}
{{ plural "a" "b" .inputs.one }}
{{ toString 1 }}{{ toString 1.5 }}{{ toString nil }}{{ toString true }}{{ toString .inputs.list }}{{ toString "x" }}
{{ split "," "a,b,c" }}{{ (split "," "a,b,c")._1 }}{{ (split "," "a")._9 }}{{ splitn "," 2 "a,b,c" }}{{ splitn "," 0 "a" }}{{ splitn "," -1 "a,b" }}{{ (split "" "aé")._1 }}
{{ splitList "," "a,b,c" }}{{ splitList "" "añ" }}{{ splitList "," "" }}{{ splitList "," "a,b" | toJson }}
{{ toStrings .inputs.mixed }}{{ toStrings nil }}{{ toStrings 5 }}{{ toStrings (splitList "," "a,b") | toJson }}
{{ join "-" .inputs.words }}{{ join "," .inputs.mixed }}{{ join "," nil }}{{ join "," 5 }}{{ join "," .inputs.list }}
{{ sortAlpha .inputs.words }}{{ sortAlpha .inputs.list }}{{ sortAlpha "x" }}{{ sortAlpha nil }}{{ sortAlpha (list "b" "a" "B" "é") }}
{{ upper 1 }}
{{ upper .inputs.one }}
{{ upper .inputs.none }}
{{ upper .inputs.absent }}
{{ .inputs.none | upper }}
{{ .inputs.one | upper }}
{{ upper }}
{{ upper "a" "b" }}
{{ "a" | upper "b" }}
{{ upper nil }}
{{ upper true }}
{{ trunc "a" "b" }}
{{ trunc 1.5 "b" }}
{{ trunc 1e1 "0123456789abc" }}
{{ trunc .inputs.three .inputs.text }}
{{ trunc (int .inputs.three) .inputs.text }}
{{ contains .inputs.list "x" }}`,
  encoding: `
{{ sha1sum .inputs.name }} {{ sha256sum .inputs.uni }} {{ adler32sum .inputs.text }} {{ hash_of .inputs.name }}
{{ hash_of .inputs.none }}
{{ hash_of .inputs.one }}
{{ hash_of .inputs.ref }}
{{ b64enc .inputs.uni }}{{ b64enc "" }}{{ b64dec "SGVsbG8=" }}{{ b64dec "SGVsbG8" }}{{ b64dec "SGV$" }}{{ b64dec "SG Vs" }}{{ b64dec "SGVs\\nbG8=" }}{{ b64dec "A" }}{{ b64dec "AA=A" }}{{ b64dec "AAA=A" }}{{ b64dec "=" }}{{ b64dec "AA==" | quote }}{{ b64dec "AA=" }}
{{ b32enc .inputs.uni }}{{ b32enc "f" }}{{ b32enc "" }}{{ b32dec "JBSWY3DP" }}{{ b32dec "JBSWY3DPEE======" }}{{ b32dec "JBS1" }}{{ b32dec "JBSWY3D" }}{{ b32dec "j" }}{{ b32dec "JB======A" }}{{ b32dec "J=======" }}{{ b32dec "JBS=====" }}
{{ b64dec "/+8=" | quote }}{{ b64dec "4pyT" }}
{{ toJson .inputs.html }}{{ toRawJson .inputs.html }}{{ toJson .inputs.map }}{{ toJson .inputs.mixed }}{{ toJson nil }}{{ toJson 1 }}{{ toJson 1e21 }}{{ toJson 1e-7 }}{{ toJson 0.000001 }}{{ toJson .inputs.million }}{{ toJson .inputs.control }}
{{ toPrettyJson .inputs.map }}{{ toPrettyJson .inputs.emptyMap }}{{ toPrettyJson .inputs.nested }}{{ mustToPrettyJson .inputs.list }}
{{ mustToJson .inputs.people }}{{ mustToRawJson .inputs.html }}
{{ (fromJson .inputs.json).a }}{{ fromJson "nope" }}{{ fromJson "3" | kindOf }}{{ fromJson "[1,2]" }}{{ (mustFromJson "{\\"x\\":{\\"y\\":1}}").x.y }}{{ fromJson "\\"\\\\ud83c\\\\udf89 \\\\ud800\\"" }}
{{ mustFromJson "nope" }}
{{ mustFromJson "{\\"a\\":}" }}
{{ mustFromJson "[1,2" }}
{{ mustFromJson "[1 2]" }}
{{ mustFromJson "{\\"a\\" 1}" }}
{{ mustFromJson "{a:1}" }}
{{ mustFromJson "{\\"a\\":1 \\"b\\":2}" }}
{{ mustFromJson "" }}
{{ mustFromJson "1 2" }}
{{ mustFromJson "01" }}
{{ mustFromJson "-" }}
{{ mustFromJson "1." }}
{{ mustFromJson "1e" }}
{{ mustFromJson "tru" }}
{{ mustFromJson "trux" }}
{{ mustFromJson "\\"\\\\x\\"" }}
{{ mustFromJson "\\"\\\\u12g4\\"" }}
{{ mustFromJson "\\"a\\nb\\"" }}
{{ mustFromJson "\\"abc" }}
{{ mustFromJson "{\\"a\\":1,}" }}
{{ mustFromJson "[1,]" }}
{{ mustFromJson "é" }}
{{ mustFromJson "'a'" }}
{{ mustFromJson "1e999" }}
{{ toJson (float64 "NaN") }}|{{ toPrettyJson (float64 "Inf") }}
{{ mustToJson (float64 "NaN") }}
{{ toRawJson (float64 "-Inf") }}
{{ toJson (list) }}{{ toJson (rest (list)) }}{{ toJson (concat) }}{{ toJson (dict) }}{{ toJson (splitList "," "a") }}{{ toJson (split "," "a,b") }}{{ toJson (semver "1.2.3") }}`,
  numbers: `
{{ atoi "42" }}{{ atoi "x" }}{{ atoi "-7" }}{{ atoi "99999999999999999999" }}{{ atoi "" }}{{ atoi "0x10" }}{{ atoi "1_0" }}
{{ int64 "42" }}{{ int64 3.99 }}{{ int64 "3.99" }}{{ int64 "3.0" }}{{ int64 true }}{{ int64 nil }}{{ int64 "0x1f" }}{{ int64 "010" }}{{ int64 .inputs.list }}{{ int -3.7 }}{{ int "1e3" }}{{ int64 1e30 }}{{ int "  5" }}{{ int64 "100" }}
{{ float64 "2.5" }}{{ float64 3 }}{{ float64 true }}{{ float64 nil }}{{ float64 "x" }}{{ float64 "1e3" }}{{ float64 "0x1p-2" }}{{ float64 "Inf" }}{{ float64 "-inf" }}{{ float64 "1e400" }}{{ float64 .inputs.list }}
{{ toDecimal "777" }}{{ toDecimal 0777 }}{{ toDecimal "9" }}{{ toDecimal 17 }}{{ toDecimal .inputs.one }}
{{ add1 1 }}{{ add 1 2 3 }}{{ add }}{{ add 1.9 "2" true nil }}{{ sub 5 3 }}{{ div 7 2 }}{{ div -7 2 }}{{ mod 7 3 }}{{ mod -7 3 }}{{ mul 2 3 4 }}{{ mul 5 }}
{{ div 1 0 }}
{{ mod 1 0 }}
{{ div 1 "x" }}
{{ add 9223372036854775807 1 }}{{ mul 9223372036854775807 2 }}{{ sub -9223372036854775808 1 }}
{{ 9223372036854775808 }}
{{ 99999999999999999999 }}
{{ 1e400 }}
{{ add1f 1.5 }}{{ addf 0.1 0.2 }}{{ addf }}{{ addf 1 2.5 "3" }}{{ subf 10 0.1 0.2 }}{{ divf 10 3 }}{{ divf 1 3 3 }}{{ mulf 0.1 3 }}{{ mulf 1.1 1.1 }}{{ divf -1 3 }}{{ divf 2 3 }}{{ mulf 5 }}{{ addf 1e20 1e-5 }}
{{ divf 1 0 }}
{{ addf (float64 "NaN") }}
{{ max 1 5 3 }}{{ min 4 2 8 }}{{ biggest 1 9 }}{{ maxf 1.5 2.5 }}{{ minf 1.5 -2.5 }}{{ max 1 }}{{ max "7" 3.9 }}
{{ max }}
{{ ceil 1.2 }}{{ floor 1.8 }}{{ round 3.14159 2 }}{{ round 2.5 0 }}{{ round -2.5 0 }}{{ round 123.555 -1 }}{{ round 3.7 0 .8 }}{{ ceil "1.1" }}{{ floor -1.5 }}{{ ceil -0.5 }}{{ round 1.005 2 }}{{ round "2.345" 1 }}
{{ round 1.5 "x" }}
{{ round 1.5 }}
{{ .inputs.three | mul 2 | add 1 | div 100 }}
{{ int .inputs.big }} {{ int64 .inputs.million }} {{ .inputs.big | int | printf "%d" }}
{{ mul .inputs.frac 100 }}{{ mulf .inputs.frac 100 | round 1 }}`,
  choices: `
{{ default "d" .inputs.empty }}{{ default "d" .inputs.name }}{{ default "d" .inputs.zero }}{{ default "d" nil }}{{ default "d" }}{{ .inputs.absent | default "x" }}{{ default 5 .inputs.emptyList }}{{ default "d" false }}
{{ empty "" }}{{ empty 0 }}{{ empty nil }}{{ empty .inputs.list }}{{ empty .inputs.emptyMap }}{{ empty .inputs.absent }}{{ empty 0.0 }}{{ empty (semver "1.0.0") }}
{{ coalesce nil "" 0 "x" }}{{ coalesce nil }}{{ coalesce }}{{ coalesce .inputs.absent .inputs.name }}
{{ all 1 "x" true }}{{ all 1 "" }}{{ all }}{{ any 0 "" }}{{ any 0 1 }}{{ any }}
{{ compact .inputs.mixed }}{{ compact (list 0 1 "" "a" nil false) }}{{ mustCompact .inputs.list }}
{{ compact 5 }}
{{ ternary "y" "n" true }}{{ ternary "y" "n" .inputs.no }}{{ .inputs.yes | ternary 1 2 }}
{{ ternary 1 2 "x" }}
{{ ternary 1 2 .inputs.name }}
{{ ternary 1 2 nil }}
{{ typeOf nil }} {{ typeOf 1 }} {{ typeOf 1.5 }} {{ typeOf "s" }} {{ typeOf true }} {{ typeOf .inputs.list }} {{ typeOf .inputs.map }} {{ typeOf (list) }} {{ typeOf (splitList "," "a") }} {{ typeOf (split "," "a") }} {{ typeOf (add 1 1) }} {{ typeOf (semver "1.0.0") }} {{ typeOf (index "a" 0) }} {{ typeOf (toDate "2006" "2020") }}
{{ kindOf nil }} {{ kindOf 1 }} {{ kindOf 1.5 }} {{ kindOf "s" }} {{ kindOf true }} {{ kindOf .inputs.list }} {{ kindOf .inputs.map }} {{ kindOf (semver "1.0.0") }} {{ kindOf (toDate "2006" "2020") }} {{ kindOf (split "," "a") }}
{{ typeIs "int" 1 }}{{ typeIs "float64" .inputs.one }}{{ typeIsLike "semver.Version" (semver "1.0.0") }}{{ typeIsLike "string" "x" }}{{ kindIs "map" .inputs.map }}{{ kindIs "slice" .inputs.map }}
{{ deepEqual .inputs.list (list 3.0 1.0 2.0) }}{{ deepEqual .inputs.list (list 3 1 2) }}{{ deepEqual nil nil }}{{ deepEqual .inputs.map .inputs.map }}{{ deepEqual (list) (list) }}{{ deepEqual (list) (rest (list)) }}{{ deepEqual "a" "a" }}{{ deepEqual 1 1.0 }}
{{ type_of nil }} {{ type_of 1 }} {{ type_of .inputs.one }} {{ type_of "s" }} {{ type_of true }} {{ type_of .inputs.list }} {{ type_of .inputs.map }} {{ type_of .inputs.ref }} {{ type_of (splitList "," "a") }}
{{ exists .inputs.name }}{{ exists .inputs.none }}{{ exists .inputs.absent }}{{ exists "" }}{{ exists nil }}
{{ sample .inputs.list }}{{ sample nil }}{{ sample .inputs.name }}
{{ sample .inputs.ref }}
{{ fail "stop here" }}
{{ fail .inputs.name }}
{{ if .inputs.no }}{{ fail "never" }}{{ end }}fine`,
  lists: `
{{ list 1 "a" nil }}{{ tuple 1 2 }}{{ list }}
{{ append .inputs.list 4 }}{{ push (list) "x" }}{{ mustAppend .inputs.list nil }}{{ mustPush .inputs.words "z" }}{{ append (splitList "," "a") 1 }}
{{ prepend .inputs.list 0 }}{{ mustPrepend (list) "x" }}
{{ first .inputs.list }}{{ last .inputs.list }}{{ first .inputs.emptyList }}{{ last (list) }}{{ mustFirst .inputs.words }}{{ mustLast .inputs.words }}{{ first (splitList "," "a,b") }}
{{ rest .inputs.list }}{{ initial .inputs.list }}{{ rest (list) }}{{ initial (list) }}{{ mustRest .inputs.list }}{{ mustInitial .inputs.list }}
{{ reverse .inputs.list }}{{ mustReverse .inputs.words }}{{ uniq .inputs.words }}{{ mustUniq (list 1 1.0 1 "1" nil nil) }}{{ uniq (list (list 1) (list 1) (dict "a" 1) (dict "a" 1)) }}
{{ without .inputs.words "apple" }}{{ mustWithout .inputs.list 1.0 }}{{ without .inputs.list 1 }}{{ has "fig" .inputs.words }}{{ mustHas 1 .inputs.list }}{{ has 1.0 .inputs.list }}{{ has 1 nil }}
{{ mustSlice .inputs.list 0 2 }}{{ slice .inputs.list "1" }}{{ mustSlice (list) }}
{{ mustSlice .inputs.list -1 }}
{{ concat .inputs.list .inputs.words }}{{ concat }}{{ concat (list 1) (splitList "," "a,b") }}
{{ concat .inputs.name }}
{{ concat nil }}
{{ first 1 }}
{{ first nil }}
{{ first .inputs.map }}
{{ last "abc" }}
{{ rest 1 }}
{{ initial true }}
{{ reverse "x" }}
{{ uniq 1 }}
{{ without 1 2 }}
{{ has 1 2 }}
{{ append 1 2 }}
{{ append nil 2 }}
{{ prepend "x" 2 }}
{{ mustFirst nil }}
{{ upper (first list) }}
{{ first (list nil) | upper }}
{{ len (list 1 2 3) }}{{ index (list "a" "b") 1 }}{{ range list 1 2 }}{{ . }}{{ end }}`,
  maps: `
{{ dict "a" 1 "b" 2 }}{{ dict }}{{ dict "a" }}{{ dict 1 2 nil 3 }}{{ dict "a" (dict "b" 1) }}{{ (dict "x" 5).x }}
{{ get .inputs.map "a" }}|{{ get .inputs.map "zz" }}|{{ get nil "a" }}|{{ get (dict "n" nil) "n" }}
{{ hasKey .inputs.map "a" }}{{ hasKey .inputs.map "zz" }}{{ hasKey nil "a" }}
{{ pluck "name" (index .inputs.people 0) (index .inputs.people 1) }}{{ pluck "x" }}{{ pluck "a" .inputs.map }}
{{ keys .inputs.map | sortAlpha }}{{ keys .inputs.map .inputs.emptyMap | sortAlpha }}{{ keys }}{{ values (dict "a" 1) }}{{ values .inputs.emptyMap }}{{ keys nil }}
{{ pick .inputs.map "a" "zz" }}{{ omit .inputs.map "c" "x-y" "__proto__x" }}{{ pick .inputs.map }}{{ omit .inputs.emptyMap }}
{{ dig "c" "e" "none" .inputs.map }}{{ dig "c" "zz" "none" .inputs.map }}{{ dig "q" "r" "s" "none" .inputs.map }}{{ dig "a" nil .inputs.map }}
{{ dig "a" "b" "x" .inputs.map }}
{{ dig "a" "x" .inputs.name }}
{{ dig "a" "x" nil }}
{{ dig 1 "x" .inputs.map }}
{{ dig "a" .inputs.map }}
{{ get .inputs.list "a" }}
{{ get .inputs.none "a" }}
{{ .inputs.none | hasKey "a" }}
{{ get "x" "a" }}
{{ get .inputs.map 1 }}
{{ hasKey (split "," "a") "_0" }}
{{ keys 1 }}
{{ values .inputs.name }}
{{ $d := dict "__proto__" 1 "constructor" 2 }}{{ $d.constructor }}{{ $d.__proto__ }}{{ $d.toString }}{{ keys $d | sortAlpha }}`,
  paths: `
{{ base .inputs.path }} {{ dir .inputs.path }} {{ clean .inputs.path }} {{ ext .inputs.path }} {{ isAbs .inputs.path }}
{{ base "" }} {{ base "/" }} {{ base "a/" }} {{ dir "" }} {{ dir "/" }} {{ dir "a" }} {{ dir "a/b/" }} {{ clean "" }} {{ clean "/.." }} {{ clean "../a/../.." }} {{ clean "a//b" }} {{ ext "a" }} {{ ext ".x" }} {{ ext "a.b/c" }} {{ isAbs "a" }}
{{ osBase .inputs.path }} {{ osDir .inputs.path }} {{ osClean .inputs.path }} {{ osExt .inputs.path }} {{ osIsAbs .inputs.path }}`,
  versions: `
{{ semver "1.2.3" }} {{ semver "v1.2" }} {{ semver "1" }} {{ semver "1.2.3-beta.1+b345" }} {{ (semver "1.2.3-rc.1+m").Major }} {{ (semver "1.2.3").Minor }} {{ (semver "1.2.3").Patch }} {{ (semver "1.2.3-rc.1").Prerelease }} {{ (semver "1.2.3+m").Metadata }} {{ (semver "v1.2").Original }}
{{ $v := semver "2.3.4" }}{{ $v.Major }}.{{ $v.Minor }}.{{ $v.Patch }}{{ if gt $v.Major 1 }}big{{ end }}
{{ (semver "1.2.3").Nope }}
{{ semver "x" }}
{{ semver "1.2.3-01" }}
{{ semver "99999999999999999999.1.1" }}
{{ semverCompare "^1.2.0" "1.3.0" }}{{ semverCompare "~1.2.0" "1.3.0" }}{{ semverCompare ">=1.0.0, <2" "1.9.9" }}{{ semverCompare ">1.2" "1.2.9" }}{{ semverCompare "1.x" "1.5.0" }}{{ semverCompare "*" "9.9.9" }}{{ semverCompare "!=1.2.3" "1.2.3" }}{{ semverCompare "1.2 - 1.4" "1.3.0" }}{{ semverCompare "^0.2.3" "0.2.9" }}{{ semverCompare "^0.0.3" "0.0.4" }}{{ semverCompare ">=1.0.0" "1.1.0-beta" }}{{ semverCompare ">=1.0.0-0" "1.1.0-beta" }}{{ semverCompare "<2 || >=3" "3.1.0" }}{{ semverCompare "1.2.3" "v1.2.3" }}{{ semverCompare "=1.2" "1.2.7" }}{{ semverCompare "~1" "1.9.0" }}{{ semverCompare "^0" "0.5.0" }}{{ semverCompare "<=1.2" "1.2.9" }}{{ semverCompare "!=1.2" "1.2.9" }}{{ semverCompare ">1" "2.0.0" }}
{{ semverCompare "1.0.0-alpha" "1.0.0-alpha" }}{{ semverCompare ">1.0.0-alpha" "1.0.0-alpha.1" }}{{ semverCompare "<1.0.0-beta.11" "1.0.0-beta.2" }}{{ semverCompare "^1.2.x" "1.9.0" }}{{ semverCompare "" "1.0.0" }}
{{ semverCompare "abc" "1.0.0" }}
{{ semverCompare "^1" "abc" }}
{{ semverCompare ">>1" "1.0.0" }}`,
  dates: `
{{ $t := toDate "2006-01-02T15:04:05Z07:00" "2024-02-29T23:05:09Z" }}{{ $t }}|{{ date "2006-01-02 15:04:05" $t }}|{{ date "Mon Jan _2 3:04PM 2006" $t }}|{{ date "Monday, January 2 06 03:04:05 pm MST -0700" $t }}|{{ date "002 __2 .000 .999 ,00 Z07" $t }}
{{ date "2006-01-02T15:04:05.000Z07:00" (int64 1700000000) }} {{ date "2006" (int 0) }} {{ htmlDate (int64 1700000000) }} {{ dateInZone "15:04 MST" (int64 1700000000) "UTC" }} {{ date_in_zone "15:04" (int64 1700000000) "Asia/Kolkata" }} {{ dateInZone "2006-01-02 15:04:05 -0700 MST" (int64 1700000000) "America/New_York" }} {{ dateInZone "15:04 MST" (int64 1690000000) "Europe/Berlin" }} {{ dateInZone "15:04" (int64 0) "No/Where" }} {{ htmlDateInZone (int64 1700000000) "Pacific/Auckland" }} {{ dateInZone "MST" (int64 0) "" }}
{{ $t := toDate "2006-01-02" "2024-01-31" }}{{ dateModify "24h" $t | htmlDate }} {{ date_modify "-1h30m" $t | date "15:04" }} {{ mustDateModify "1.5h" $t }} {{ must_date_modify "10ns" $t }} {{ dateModify "bad" $t }} {{ unixEpoch $t }} {{ $t.Unix }} {{ $t.Year }} {{ $t.Format "Jan 2" }} {{ $t.IsZero }} {{ $t.UTC.Day }} {{ $t.YearDay }}
{{ mustDateModify "bad" (toDate "2006" "2020") }}
{{ mustDateModify "5" (toDate "2006" "2020") }}
{{ mustDateModify "5x" (toDate "2006" "2020") }}
{{ mustDateModify "" (toDate "2006" "2020") }}
{{ mustDateModify "99999999h" (toDate "2006" "2020") }}
{{ dateModify "1h" "x" }}
{{ dateModify "1h" .inputs.name }}
{{ dateModify "1h" nil }}
{{ unixEpoch 5 }}
{{ duration "95" }} {{ duration (int64 3661) }} {{ duration 5 }} {{ duration "x" }} {{ duration (int64 -5) }} {{ duration "86400" }}
{{ durationRound "2h10m5s" }} {{ durationRound "400h" }} {{ durationRound "10000h" }} {{ durationRound "1ms" }} {{ durationRound "59s" }} {{ durationRound "-90s" }} {{ durationRound (int64 61000000000) }} {{ durationRound 5 }} {{ durationRound "bad" }} {{ durationRound "721h" }}
{{ mustToDate "2006-01-02" "2024-13-01" }}
{{ mustToDate "2006-01-02" "2024-02-30" }}
{{ mustToDate "2006-01-02" "2024-1-1" }}
{{ mustToDate "2006-01-02" "hello" }}
{{ mustToDate "2006-01-02" "2024-01-02x" }}
{{ mustToDate "15:04" "25:00" }}
{{ mustToDate "2006-01-02" "" }}
{{ toDate "2006-01-02" "bad" }} {{ toDate "15:04:05" "01:02:03.5" }} {{ toDate "Jan 2 2006 3:04pm" "Feb 3 2021 4:05am" }} {{ toDate "Monday Jan 2006" "Tuesday Mar 1999" }} {{ toDate "2006-01-02 15:04:05 -0700" "2020-01-01 00:00:00 +0530" }} {{ toDate "2006-01-02 15:04:05 MST" "2020-01-01 00:00:00 EST" }} {{ toDate "2006 002" "2024 060" }} {{ toDate "06-1-2" "70-3-4" }} {{ toDate "2006-01-02T15:04:05.000" "2020-01-01T00:00:00.123" }} {{ toDate "2006-01-02T15:04:05Z0700" "2020-01-01T00:00:00Z" }}
{{ toJson (toDate "2006-01-02" "2024-01-31") }} {{ printf "%v %s" (toDate "2006" "2020") (toDate "2006" "2021") }} {{ eq (toDate "2006" "2020") (toDate "2006" "2020") }}
{{ (toDate "2006" "2020").Nope }}`,
  syntax: `
{{
{{ }}
{{ .a
{{ "abc }}
{{ 'ab' }}
{{ 'a }}
{{ \`raw }}
{{ /* c */ }}
{{/* c }}
{{/* c */ x }}
{{ if }}x{{ end }}
{{ if true }}x
{{ end }}
{{ else }}
{{ if true }}{{ else }}{{ else }}{{ end }}
{{ range }}{{ end }}
{{ range $i, $j, $k := .x }}{{ end }}
{{ range $i, 5 := .x }}{{ end }}
{{ range $i, $v = .inputs.list }}{{ end }}
{{ $x }}
{{ $x = 1 }}
{{ $x := }}
{{ $x, $y := 1 }}
{{ nofunc }}
{{ nofunc 1 | upper }}
{{ upper | nofunc }}
{{ 1 | 2 }}
{{ 1 | "a" }}
{{ .a | .b | true }}
{{ 1 2 }}
{{ "a" "b" }}
{{ (1) 2 }}
{{ . 1 }}
{{ nil }}
{{ nil.x }}
{{ "a".b }}
{{ 1.b }}
{{ true.x }}
{{ .a. }}
{{ .a..b }}
{{ $.a$ }}
{{ .1 }}
{{ .a-b }}
{{ a-b }}
{{ ( }}
{{ ) }}
{{ (1 }}
{{ 1) }}
{{ () }}
{{ | }}
{{ 1 | }}
{{ | 1 }}
{{ = 1 }}
{{ : }}
{{ , }}
{{ .a, .b }}
{{ # }}
{{ .x[0] }}
{{ é }}
{{ "\\z" }}
{{ '' }}
{{ 0x }}
{{ 1e }}
{{ 08 }}
{{ 1__0 }}
{{ 12abc }}
{{ 1.2.3 }}
{{ break }}
{{ continue }}
{{ break 1 }}
{{ range .inputs.list }}{{ break 1 }}{{ end }}
{{ define }}{{ end }}
{{ define x }}{{ end }}
{{ define "x" }}
{{ define "x" }}a{{ end }}{{ define "x" }}b{{ end }}
{{ if true }}{{ define "x" }}{{ end }}{{ end }}
{{ template }}
{{ template x }}
{{ template "nope" }}
{{ template "a" 1 2 }}
{{ block "x" }}{{ end }}
{{ with }}{{ end }}
{{ with 1 }}{{ else if 2 }}{{ end }}
{{ if 1 }}{{ else with 2 }}{{ end }}{{ end }}
{{ end 1 }}
{{ else 1 }}
a\\n{{ 1 }}\\n{{ nofunc }}
{{ env "HOME" }}
{{ repeat 3 "x" }}
{{ seq 3 }}
{{ until 3 }}
{{ regexMatch "a" "b" }}
{{ getHostByName "x" }}
{{ genPrivateKey "rsa" }}
{{ set .inputs.map "x" 1 }}
{{ merge .inputs.map .inputs.map }}
{{-1}}{{- 1}}{{1 -}}
{{1}}{{-2}}
{{ if .x }}{{ if .y }}{{ end }}
{{ 1 := 2 }}
{{ $x := 1 | upper }}{{ end }}
{{ "unterminated
string" }}
{{ $x:=1 }}{{$x}}
{{ .inputs.list|len }}
{{(index .inputs.list 0)}}
{{ print (1)(2) }}
{{ print "a""b" }}
{{ print 1"b" }}`,
  execution: `
{{ .inputs.none.x }}
{{ .inputs.absent.x }}
{{ .inputs.name.x }}
{{ .inputs.list.x }}
{{ .inputs.one.x.y }}
{{ .inputs.map.a.b.c }}
{{ .absent.deep }}
{{ $x := .inputs.name }}{{ $x.y }}
{{ $x := .inputs.absent }}{{ $x.y }}
{{ with .inputs.name }}{{ .x }}{{ end }}
{{ range .inputs.list }}{{ .x }}{{ end }}
{{ range .inputs.mixed }}{{ .k }}{{ end }}
{{ range .inputs.one }}{{ end }}
{{ range .inputs.name }}{{ end }}
{{ range .inputs.yes }}{{ end }}
{{ range $i, $v := 3 }}{{ end }}
{{ .inputs.map 1 }}
{{ .inputs.map.a 1 }}
{{ 1 | .inputs.map.a }}
{{ $x := 1 }}{{ $x 2 }}
{{ $x := 1 }}{{ 3 | $x }}
{{ .inputs.map.c.e.f }}
{{ (fromJson "1").x }}
{{ (index .inputs.list 0).x }}
{{ (list 1 2).x }}
{{ (split "," "a")._0.x }}
{{ template "undefined" . }}
{{ define "loop" }}{{ .x.y }}{{ end }}{{ template "loop" .inputs }}
line one
{{ .inputs.name }} then {{ upper .inputs.one }}
{{ if upper 1 }}{{ end }}
{{ printf "%d" (upper 1) }}
{{ upper (lower (title 1)) }}
{{ .inputs.name | lower | trunc "a" }}
{{ add (fail "inner") 1 }}
{{ with $x := upper 1 }}{{ end }}
{{ range upper .inputs.one }}{{ end }}
{{ ($).inputs.name }}{{ ($.inputs).name }}{{ (.).inputs.one }}
{{ (.inputs.name).x }}
{{ print (.inputs.absent).x }}
{{ not (.inputs.name.y) }}
{{ and (upper 1) 2 }}
{{ or 1 (upper 1) }}{{ and 0 (fail "no") }}
{{ now | kindOf }}`,
};

const odd = `
{{ .inputs.constructor }} {{ .inputs.toString }} {{ .inputs.length }} {{ .inputs.hasOwnProperty }} {{ .inputs.a.constructor.name }} {{ .inputs.a.valueOf }}
{{ .inputs.__proto__ }} {{ .inputs.valueOf }} {{ .inputs.a.__proto__ }}
{{ .inputs.s.length }}
{{ .inputs.l.length }}
{{ .inputs.l.constructor }}
{{ .inputs.valueOf.call }}
{{ index .inputs "toString" }} {{ index .inputs "isPrototypeOf" }} {{ hasKey .inputs "__proto__" }} {{ hasKey .inputs "constructor" }}
{{ keys .inputs.a | sortAlpha }} {{ get .inputs.a "constructor" }} {{ dig "constructor" "name" "x" .inputs.a }} {{ pick .inputs.a "constructor" "toString" }}
{{ quote .inputs.quotes }} {{ squote .inputs.quotes }} {{ printf "%q %#q" .inputs.quotes .inputs.quotes }} {{ js .inputs.quotes }} {{ html .inputs.quotes }}
{{ quote .inputs.control }} {{ toJson .inputs.control }} {{ js .inputs.control }} {{ html .inputs.control }} {{ urlquery .inputs.control }}
{{ upper .inputs.wide }} {{ lower .inputs.wide }} {{ title .inputs.wide }} {{ len .inputs.wide }} {{ trunc 5 .inputs.wide }} {{ printf "%.3s|%8.2s|%q|%+q" .inputs.wide .inputs.wide .inputs.wide .inputs.wide }} {{ splitList "" .inputs.wide }} {{ nospace .inputs.wide }} {{ initials .inputs.wide }} {{ wrap 4 .inputs.wide }}
{{ sortAlpha (list "𝒳" "ﬁ" "z" "é") }} {{ lt "ﬁ" "𝒳" }} {{ dict "𝒳" 1 "ﬁ" 2 "a" 3 }}
{{ snakecase .inputs.wide }} {{ camelcase .inputs.wide }} {{ kebabcase .inputs.wide }} {{ untitle .inputs.wide }}`;

function lines(group) {
  // A line that does not open an action itself goes on with the one before it.
  const found = [];
  for (const line of group.split('\n').slice(1)) {
    if (line === 'line one' || line === '{{ "unterminated') found.push(`${line}\n`);
    else if (found.at(-1)?.endsWith('\n')) found[found.length - 1] += line;
    else found.push(line.replaceAll('\\n', (mark) => (line.startsWith('a\\n') ? '\n' : mark)));
  }
  return found;
}

/** Every case: a template and the name of its data. */
export function corpus() {
  const written = Object.values(byGroup).flatMap((group) =>
    lines(group).map((template) => ({ template, data: 'main' })),
  );
  const strange = lines(odd).map((template) => ({ template, data: 'odd' }));
  const edges = more.map((template) => ({ template, data: 'main' }));
  const made = generated().map((template) => ({ template, data: 'main' }));
  return [...written, ...strange, ...edges, ...made];
}
