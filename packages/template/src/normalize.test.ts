import { describe, expect, test } from 'vitest';
import { normalizeTemplate } from './normalize.js';

describe('normalisation', () => {
  test.each([
    ['{{ inputs.x }}', '{{ .inputs.x }}'],
    ['{{inputs.x}} and inputs.y', '{{.inputs.x}} and inputs.y'],
    ['{{- steps.a.b -}}', '{{- .steps.a.b -}}'],
    ['{{ eq inputs.a packet.b }}', '{{ eq .inputs.a .packet.b }}'],
    ['{{ .inputs.steps }}', '{{ .inputs.steps }}'],
    ['{{ $inputs }} {{ myinputs }} {{ inputs2 }}', '{{ $inputs }} {{ myinputs }} {{ inputs2 }}'],
    ['{{ $.inputs.a }}', '{{ $.inputs.a }}'],
    [
      '{{ "inputs.x" }} {{ `steps.y` }} {{ \'p\' }}',
      '{{ "inputs.x" }} {{ `steps.y` }} {{ \'p\' }}',
    ],
    ['{{/* inputs.x */}}', '{{/* inputs.x */}}'],
    ["{{ .steps['fetch-feed'].output }}", '{{ (index .steps "fetch-feed").output }}'],
    ['{{ steps["a"]["b"].c }}', '{{ (index (index .steps "a") "b").c }}'],
    ["{{ steps['it\\'s'] }}", '{{ (index .steps "it\'s") }}'],
    ['{{ steps["q\\"x"] }}', '{{ (index .steps "q\\"x") }}'],
    ['{{ (index .steps "a)b")["c"] }}', '{{ (index (index .steps "a)b") "c") }}'],
    ['{{ (f (g 1))["c"].d }}', '{{ (index (f (g 1)) "c").d }}'],
    [
      '{{ upper steps["a"].x | eq inputs["b"] }}',
      '{{ upper (index .steps "a").x | eq (index .inputs "b") }}',
    ],
    ['{{ printf "%s" "}}" }}{{ inputs.a }}', '{{ printf "%s" "}}" }}{{ .inputs.a }}'],
    ['{{ $.inputs["a"].b }} {{ $x["c"] }}', '{{ (index $.inputs "a").b }} {{ (index $x "c") }}'],
    ['{{ ["a"] }}', '{{ ["a"] }}'],
    ['{{ x[0] }}', '{{ x[0] }}'],
    ['{{ inputs.x', '{{ inputs.x'],
    ["{{ it's inputs }}", "{{ it's inputs }}"],
  ])('%s becomes %s', (text, expected) => {
    expect(normalizeTemplate(text)).toBe(expected);
    expect(normalizeTemplate(expected)).toBe(expected);
  });

  test('stays fast on a long chain of brackets', () => {
    const text = `{{ steps${'["a"]'.repeat(20_000)} }}`;
    expect(normalizeTemplate(text).length).toBeGreaterThan(text.length);
  });
});
