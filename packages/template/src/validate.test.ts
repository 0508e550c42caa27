import { describe, expect, test } from 'vitest';
import { validateStoryTemplates } from './story.js';
import { type TemplateRules, validateTemplate, validateTemplates } from './validate.js';

const rules: TemplateRules = { name: 'step if', roots: ['inputs'] };
const codes = (text: string, over: Partial<TemplateRules> = {}) =>
  validateTemplate(text, { ...rules, ...over }).map((issue) => issue.code);

describe('a linter', () => {
  test('reports nothing for templates that keep to the rules', () => {
    for (const text of [
      'no template',
      '{{ inputs.a }}',
      '{{ .inputs.a | upper }}',
      '{{ $x := inputs.a }}{{ $x.y }}',
      '{{ if .inputs.a }}x{{ else }}y{{ end }}',
      '{{ (.).inputs.a }}',
    ]) {
      expect(validateTemplate(text, rules), text).toEqual([]);
    }
  });

  test.each([
    ['{{ steps.a }}', "context 'steps' is not allowed for step if templates"],
    ['{{ .secrets.a }}', "unknown context 'secrets' is not allowed for step if templates"],
    ['{{ index . "steps" }}', "context 'steps' is not allowed for step if templates"],
    ['{{ get . "zz" }}', "unknown context 'zz' is not allowed for step if templates"],
    ['{{ dig "steps" "x" "" . }}', "context 'steps' is not allowed for step if templates"],
    ['{{ (index .steps "a").b }}', "context 'steps' is not allowed for step if templates"],
    ['{{ (.).packet.x }}', "context 'packet' is not allowed for step if templates"],
    [
      '{{ if true }}{{ upper (lower .steps.x) }}{{ end }}',
      "context 'steps' is not allowed for step if templates",
    ],
    [
      '{{ with .inputs.a }}{{ .name }}{{ end }}',
      "unknown context 'name' is not allowed for step if templates",
    ],
    ['{{ range .inputs.a }}{{ end }}', 'range is not allowed for step if templates'],
    ['{{ define "t" }}{{ end }}{{ template "t" }}', 'template inclusion is not supported (t)'],
    ['{{ nofunc 1 }}', 'template: bubu:1: function "nofunc" not defined'],
    ['{{ env "HOME" }}', 'template: bubu:1: function "env" not defined'],
    ['{{ if }}', 'template: bubu:1: missing value for if'],
  ])('finds what is wrong with %s', (text, message) => {
    const issues = validateTemplate(text, rules, '$.if');
    expect(issues.map((issue) => issue.message)).toEqual([message]);
    expect(issues[0]?.path).toBe('$.if');
    expect(issues[0]?.hint).toBeTruthy();
  });

  test('lets a place allow loops, time and randomness', () => {
    expect(codes('{{ range $i := .inputs.a }}{{ $i }}{{ end }}', { allowRange: true })).toEqual([]);
    expect(codes('{{ now }}')).toEqual(['TEMPLATE_FUNCTION_BLOCKED']);
    expect(codes('{{ now }}', { allowNow: true })).toEqual([]);
    expect(codes('{{ uuidv4 }}', { allowNow: true })).toEqual(['TEMPLATE_FUNCTION_BLOCKED']);
    expect(codes('{{ uuidv4 }}', { allowRandom: true })).toEqual([]);
  });

  test('walks documents and names the JSON path', () => {
    const issues = validateTemplates(
      {
        with: { url: '{{ steps.a }}', list: ['{{ inputs.a }}', '{{ .zz }}'] },
        x: { $bubuTemplate: 1 },
      },
      { rules },
    );
    expect(issues.map((issue) => issue.path)).toEqual([
      '$.with.url',
      '$.with.list[1]',
      '$.x.$bubuTemplate',
    ]);
  });

  test('refuses documents over one mebibyte', () => {
    expect(validateTemplates('x'.repeat(1_048_577), { rules })).toMatchObject([
      { path: '$', code: 'TEMPLATE_LIMIT' },
    ]);
    expect(validateTemplates('x'.repeat(1_048_574), { rules })).toEqual([]);
  });
});

describe('a story', () => {
  const step = (over: object) => ({ name: 'fetch-feed', ref: { name: 'http' }, ...over });

  test('is fine when every field keeps to its rules', () => {
    const story = {
      apiVersion: 'bubustack.io/v1alpha1',
      kind: 'Story',
      metadata: { name: 'digest', annotations: { note: '{{ not a template of ours' } },
      spec: {
        steps: [
          step({ with: { url: '{{ inputs.url }}' }, if: '{{ inputs.enabled }}' }),
          {
            name: 'digest',
            with: { text: "{{ steps['fetch-feed'].output.body }}", at: '{{ now | date "2006" }}' },
            idempotencyKeyTemplate: '{{ .inputs.id }}-{{ .steps.fetch_feed.output.id }}',
            postExecution: {
              condition: '{{ ne (index .steps "digest").output.state "failed" }}',
              failureMessage: 'literal',
            },
          },
        ],
        output: { n: '{{ printf "%v" steps.digest.output.count }}' },
      },
    };
    expect(validateStoryTemplates(story as never)).toEqual([]);
    expect(validateStoryTemplates(story.spec as never)).toEqual([]);
  });

  test('names the field and the step that is not there', () => {
    const spec = {
      steps: [
        step({
          with: { a: '{{ steps.nope.output }}', b: '{{ packet.id }}' },
          if: '{{ .secrets.x }}',
          idempotencyKeyTemplate: '{{ now }}',
        }),
      ],
      output: { x: '{{ packet.id }}' },
    };
    expect(validateStoryTemplates({ spec }).map(({ path, code }) => [path, code])).toEqual([
      ['$.spec.steps[0].with.b', 'TEMPLATE_ROOT'],
      ['$.spec.steps[0].if', 'TEMPLATE_ROOT'],
      ['$.spec.steps[0].idempotencyKeyTemplate', 'TEMPLATE_FUNCTION_BLOCKED'],
      ['$.spec.output.x', 'TEMPLATE_ROOT'],
      ['$.spec.steps[0].with.a', 'TEMPLATE_UNKNOWN_STEP'],
    ]);
  });

  test('in realtime has inputs only in with, and the packet in runtime', () => {
    const spec = {
      pattern: 'realtime',
      steps: [
        step({
          with: {
            a: '{{ steps.fetch-feed }}',
            b: '{{ steps.fetch_feed.x }}',
            c: '{{ inputs.y }}',
            d: '{{ now }}',
          },
          runtime: { id: '{{ packet.id }}{{ now }}' },
        }),
      ],
    };
    expect(validateStoryTemplates(spec).map(({ path, code }) => [path, code])).toEqual([
      ['$.steps[0].with.a', 'TEMPLATE_SYNTAX'],
      ['$.steps[0].with.b', 'TEMPLATE_ROOT'],
      ['$.steps[0].with.d', 'TEMPLATE_FUNCTION_BLOCKED'],
    ]);
  });

  test('knows the steps inside of a parallel step', () => {
    const spec = {
      steps: [
        {
          name: 'both',
          type: 'parallel',
          with: { steps: [{ name: 'left', with: { a: '{{ .bad.x }}' } }] },
        },
      ],
      output: { l: '{{ steps.left.output.a }}' },
    };
    expect(validateStoryTemplates(spec).map(({ path }) => path)).toEqual([
      '$.steps[0].with.steps[0].with.a',
    ]);
  });

  test('of any other shape gives no finding and no failure', () => {
    for (const value of [null, 1, 'x', [], { steps: 'no' }, { spec: { steps: [null, 1] } }])
      expect(validateStoryTemplates(value as never)).toEqual([]);
  });
});
