import { readFileSync } from 'node:fs';
import { contentId } from '@engramkit/ids';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  capabilityBits,
  coversCapabilities,
  descriptorId,
  FUNCTION_CONTEXT_DOCUMENT,
  FUNCTION_CONTEXT_URL,
  FUNCTION_DEFAULTS,
  functionAttributes,
  functionContextLoader,
  functionDescriptor,
  functionDescriptorSchema,
  parseFunctionDescriptor,
} from './index.js';

const greet = { function_id: 'greet', trigger_events: ['GREET'], capability_mask: 3 };

describe('functionDescriptor', () => {
  it('has exactly the 13 members of the contract, in their order', () => {
    const text = JSON.stringify(functionDescriptor(functionAttributes(greet)));
    expect(text).toBe(
      '{"@context":"https://schema.gsap.dev/function/v1","@type":"FunctionDescriptor",' +
        '"function_id":"greet","corpus_entry_cid":"","capability_mask":3,"trigger_events":["GREET"],' +
        '"accord_template":"","gsap_required":true,"chronicle_enabled":true,"max_duration_seconds":30,' +
        '"display_name":"","description":"","version":"0.1.0"}',
    );
  });

  it('hands out a copy of the events', () => {
    const events = ['A'];
    const attributes = functionAttributes({ ...greet, trigger_events: events });
    events.push('B');
    const descriptor = functionDescriptor(attributes);
    (descriptor.trigger_events as string[]).push('C');
    expect(functionDescriptor(attributes).trigger_events).toEqual(['A']);
  });

  it('is named by the content id of its map', () => {
    const descriptor = functionDescriptor(functionAttributes(greet));
    expect(descriptorId(descriptor)).toBe(contentId({ ...descriptor }));
    expect(descriptorId(functionDescriptor(functionAttributes({ ...greet, version: '0.1.1' }))))
      .not //
      .toBe(descriptorId(descriptor));
  });
});

describe('functionAttributes', () => {
  it.each([
    ['function_id', ''],
    ['function_id', 'Greet'],
    ['function_id', '1st'],
    ['function_id', 'a-'],
    ['function_id', 'a'.repeat(64)],
    ['version', '1.0'],
    ['version', '01.0.0'],
    ['capability_mask', -1],
    ['capability_mask', 1.5],
    ['capability_mask', 2 ** 53],
    ['max_duration_seconds', 0],
    ['max_duration_seconds', 3601],
    ['max_duration_seconds', Number.NaN],
    ['trigger_events', ['']],
    ['trigger_events', ['A', 'A']],
    ['corpus_entry_cid', 'sha256:ABC'],
    ['corpus_entry_cid', 'bafkrei'],
  ])('refuses %s %j, and takes it with strict: false', (member, value) => {
    const given = { ...greet, [member]: value };
    expect(() => functionAttributes(given)).toThrowError(
      expect.objectContaining({ code: 'FUNCTION_INVALID' }),
    );
    expect(functionAttributes(given, { strict: false })).toMatchObject({ [member]: value });
  });

  it('refuses a value of another type always, and names every problem at once', () => {
    const wrong = { function_id: 7, trigger_events: 'A', gsap_required: 'yes' } as never;
    expect(() => functionAttributes(wrong, { strict: false })).toThrowError(
      /function_id must be a string; trigger_events must be a list of strings; gsap_required must be a boolean/,
    );
  });

  it.each([
    `sha256:${'b'.repeat(64)}`,
    contentId({}, { scheme: 'cidv1-raw' }),
    contentId({}, { scheme: 'cidv1-dag-cbor' }),
    // A codec that this project does not make itself (dag-pb).
    'bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi',
  ])('takes the code id %s', (cid) => {
    expect(functionAttributes({ ...greet, corpus_entry_cid: cid }).corpus_entry_cid).toBe(cid);
  });

  it('refuses a CID with one character removed or added, whichever', () => {
    const cid = contentId({ a: 1 }, { scheme: 'cidv1-raw' });
    fc.assert(
      fc.property(fc.nat(cid.length - 1), (at) => {
        const cut = cid.slice(0, at) + cid.slice(at + 1);
        const grown = `${cid.slice(0, at)}a${cid.slice(at)}`;
        for (const wrong of [cut, grown]) {
          expect(() => functionAttributes({ ...greet, corpus_entry_cid: wrong })).toThrow();
        }
      }),
    );
  });
});

describe('parseFunctionDescriptor', () => {
  const valid = fc.record({
    function_id: fc.stringMatching(/^[a-z][a-z0-9]{0,20}$/),
    capability_mask: fc.nat(),
    trigger_events: fc.uniqueArray(fc.string({ minLength: 1 })),
    gsap_required: fc.boolean(),
    max_duration_seconds: fc.integer({ min: 1, max: 3600 }),
    description: fc.string(),
  });

  it('reads back what functionDescriptor wrote', () => {
    fc.assert(
      fc.property(valid, (given) => {
        const descriptor = functionDescriptor(functionAttributes(given));
        expect(parseFunctionDescriptor(structuredClone(descriptor))).toEqual(descriptor);
      }),
    );
  });

  it('names what is missing and what does not belong', () => {
    const { version: _, ...rest } = functionDescriptor(functionAttributes(greet));
    expect(() => parseFunctionDescriptor({ ...rest, '@type': 'X', extra: 1 })).toThrowError(
      /version is missing; "extra" is no member of a descriptor; @type must be FunctionDescriptor/,
    );
    expect(() => parseFunctionDescriptor([])).toThrowError(/not an object/);
  });
});

describe('the JSON-LD context', () => {
  it('maps every member below its own address and is served offline only', async () => {
    const context = FUNCTION_CONTEXT_DOCUMENT['@context'] as Record<string, { '@id': string }>;
    for (const member of Object.keys(FUNCTION_DEFAULTS)) {
      expect(context[member]?.['@id']).toBe(`${FUNCTION_CONTEXT_URL}#${member}`);
    }
    expect(context.trigger_events).toMatchObject({ '@container': '@set' });
    expect(context.corpus_entry_cid).not.toHaveProperty('@type');
    const loaded = await functionContextLoader(FUNCTION_CONTEXT_URL);
    expect(loaded.document).toBe(FUNCTION_CONTEXT_DOCUMENT);
    await expect(functionContextLoader('https://example.org/')).rejects.toMatchObject({
      code: 'JSON_LD_CONTEXT_UNKNOWN',
    });
    expect(readFileSync(new URL('./function-context-document.ts', import.meta.url), 'utf8'))
      .not //
      .toContain('fetch(');
  });
});

it('the JSON Schema requires the members that a descriptor has', () => {
  expect(functionDescriptorSchema.required).toEqual(
    Object.keys(functionDescriptor(functionAttributes(greet))),
  );
});

it('a mask covers another one when it has all of its bits', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), fc.maxSafeNat(), (granted, required) => {
      const have = new Set(capabilityBits(granted));
      const covers = capabilityBits(required).every((bit) => have.has(bit));
      expect(coversCapabilities(granted, required)).toBe(covers);
    }),
  );
});
