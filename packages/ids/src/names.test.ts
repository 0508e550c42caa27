import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  composeName,
  composeNameWithSuffix,
  effectClaimName,
  effectHolderIdentity,
  idempotencyKey,
  labelSafeValue,
  operatorIdempotencyKey,
  storyRunName,
  storyTriggerName,
} from './index.js';

const nightly = 'nightly-customer-data-reconciliation-3f2a9c10';
const orderFlow = 'order-flow-6f1d2c3b-0b7e-4a53-9c1e-2f0c9a7b5d10-0123456789abcdef';

describe('the idempotency key of a step', () => {
  const key = (stepRunNamespace: string, storyRunId: string, stepRunId: string) =>
    idempotencyKey({ stepRunNamespace, storyRunId, stepRunId });

  it('is the one that other SDKs derive', () => {
    const charge = 'ns/payments/storyrun/checkout-run-7/steprun/checkout-run-7-charge';
    expect(key('payments', 'checkout-run-7', 'checkout-run-7-charge')).toBe(charge);
    expect(key('', 'checkout-run-7', 'checkout-run-7-charge')).toBe(
      'storyrun/checkout-run-7/steprun/checkout-run-7-charge',
    );
    expect(key('  payments\t', ' checkout-run-7 ', 'checkout-run-7-charge\n')).toBe(charge);
    expect(key('data-eng', nightly, composeName(nightly, 'transform-and-enrich-records'))).toBe(
      `ns/data-eng/storyrun/${nightly}/steprun/${nightly}-tran-b656f5da66aa`,
    );
    expect(idempotencyKey({ storyRunId: 'r', stepRunId: 's' })).toBe('storyrun/r/steprun/s');
  });

  it.each([
    ['payments', '', 'checkout-run-7-charge'],
    ['payments', '  ', 'checkout-run-7-charge'],
    ['payments', 'checkout-run-7', '   '],
    ['', '', ''],
  ])('is unavailable without identity (%j, %j, %j)', (namespace, storyRun, stepRun) => {
    expect(() => key(namespace, storyRun, stepRun)).toThrow(
      expect.objectContaining({ code: 'IDEMPOTENCY_UNAVAILABLE', hint: expect.any(String) }),
    );
  });

  it('trims the white space of Go: U+0085 goes, U+FEFF stays', () => {
    expect(key('\u0085payments\u3000', 'run', 'step\ufeff')).toBe(
      'ns/payments/storyrun/run/steprun/step\ufeff',
    );
  });

  it('tells any two identities of names without blanks or slashes apart', () => {
    const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9]{0,20}[a-z0-9])?$/);
    const identity = fc.record({ stepRunNamespace: name, storyRunId: name, stepRunId: name });
    fc.assert(
      fc.property(identity, identity, (one, other) => {
        const same =
          JSON.stringify(Object.entries(one).sort()) ===
          JSON.stringify(Object.entries(other).sort());
        expect(idempotencyKey(one) === idempotencyKey(other)).toBe(same);
      }),
    );
  });
});

describe('the key of the operator', () => {
  it('names the step, and is hashed when it is long', () => {
    expect(
      operatorIdempotencyKey({
        namespace: 'payments',
        storyRunName: 'checkout-run-7',
        stepId: 'charge',
      }),
    ).toBe('ns/payments/storyrun/checkout-run-7/step/charge');
    expect(
      operatorIdempotencyKey({
        namespace: 'data-eng',
        storyRunName: nightly,
        stepId: 'transform-and-enrich-records',
      }),
    ).toBe(`ns/data-eng/storyrun/${nightly}/step/transform-and-enrich-records`);
    expect(
      operatorIdempotencyKey({
        namespace: 'a'.repeat(63),
        storyRunName: 'r'.repeat(150),
        stepId: 's'.repeat(63),
      }),
    ).toBe('sha256:32158c146c66a64129012ea501d5a3cd733a5792f7f2ecf19cb13743cd38cf29');
  });

  it('is the evaluated template when there is one, cut to 256 bytes of whole characters', () => {
    const identity = { storyRunName: 'r', stepId: 's' };
    expect(operatorIdempotencyKey({ ...identity, evaluatedTemplate: ' order-42\n' })).toBe(
      'order-42',
    );
    expect(operatorIdempotencyKey({ ...identity, evaluatedTemplate: ' \n' })).toBe(
      'storyrun/r/step/s',
    );
    expect(operatorIdempotencyKey({ ...identity, evaluatedTemplate: `${'x'.repeat(255)}é` })).toBe(
      'x'.repeat(255),
    );
  });

  it('refuses an identity with holes', () => {
    expect(() => operatorIdempotencyKey({ storyRunName: ' ', stepId: 's' })).toThrow(
      expect.objectContaining({ code: 'INVALID_STEP_IDENTITY' }),
    );
  });
});

describe('resource names', () => {
  it('are composed as the operator does', () => {
    expect(composeName('checkout-run-7', 'charge')).toBe('checkout-run-7-charge');
    expect(composeName(nightly, 'transform-and-enrich-records')).toBe(
      `${nightly}-tran-b656f5da66aa`,
    );
    expect(composeName('', ' !! ')).toBe('resource');
    expect(composeName(' My_Run ', 'Straße Ⅷ ٣')).toBe('my-run-straße-٣');
    expect(composeName('ΑΣ', 'İ')).toBe('ας'.replace('ς', 'σ').concat('-i'));
  });

  it('keep their suffix', () => {
    expect(composeNameWithSuffix('checkout-run-7', 'engram-runner')).toBe(
      'checkout-run-7-engram-runner',
    );
    expect(composeNameWithSuffix(orderFlow, 'engram-runner')).toBe(
      'order-flow-6f1d2c3b-0b7e-4a53-9c1e-2-825292fb699f-engram-runner',
    );
    expect(() => composeNameWithSuffix('b', 's'.repeat(63))).toThrow(
      expect.objectContaining({ code: 'NAME_SUFFIX_TOO_LONG' }),
    );
  });

  it('become label values', () => {
    expect(labelSafeValue('My_Run.Name')).toBe('my-run-name');
    expect(labelSafeValue('x'.repeat(80))).toBe(`${'x'.repeat(52)}-d929cdeea7`);
    expect(labelSafeValue('!!!')).toBe('resource');
    expect(labelSafeValue(orderFlow)).toBe(
      'order-flow-6f1d2c3b-0b7e-4a53-9c1e-2f0c9a7b5d10-0123-f95197f103',
    );
  });

  it('are always valid and never longer than 63 bytes, whatever the parts', () => {
    const part = fc.oneof(
      fc.string({ unit: 'grapheme' }),
      fc.string({ minLength: 40, maxLength: 90 }),
      fc.string({ unit: 'binary' }),
    );
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const name = composeName(...parts);
        expect(Buffer.byteLength(name)).toBeLessThanOrEqual(63);
        expect(name).toMatch(/^[\p{Ll}\p{Nd}]([-\p{Ll}\p{Nd}]*[\p{Ll}\p{Nd}])?$/u);
        expect(composeName(...parts)).toBe(name);
      }),
    );
    fc.assert(
      fc.property(part, fc.string({ maxLength: 45 }), (base, suffix) => {
        expect(Buffer.byteLength(composeNameWithSuffix(base, suffix))).toBeLessThanOrEqual(63);
      }),
    );
    fc.assert(
      fc.property(part, (value) => {
        expect(labelSafeValue(value)).toMatch(/^(?=.{1,63}$)[a-z0-9]([-a-z0-9]*[a-z0-9])?$/);
      }),
    );
  });

  it('differ for long parts that differ only where they are cut', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[a-z]{20}$/),
        fc.stringMatching(/^[a-z]{20}$/),
        (one, other) => {
          const start = 'p'.repeat(60);
          expect(composeName(start, one) === composeName(start, other)).toBe(one === other);
        },
      ),
    );
  });
});

describe('effect claims', () => {
  it.each([
    [
      'payments',
      'checkout-run-7-charge',
      'provider.call',
      'checkout-run-7-charge-effect-6853d8cce7e68d47',
    ],
    ['default', 'example-step', 'deliver-webhook', 'example-step-effect-f593b593cad9418d'],
    ['default', 's'.repeat(63), ' k ', `${'s'.repeat(63)}-effect-0f607e00cb1faf59`],
  ])('are named as the cluster demands (%s/%s/%s)', (namespace, stepRunName, effectKey, name) => {
    expect(effectClaimName({ namespace, stepRunName, effectKey })).toBe(name);
  });

  it('fit into 253 bytes', () => {
    const name = effectClaimName({
      namespace: 'n',
      stepRunName: `${'s'.repeat(228)}-${'t'.repeat(20)}`,
      effectKey: 'k',
    });
    expect(name).toMatch(/^s{228}-effect-[0-9a-f]{16}$/);
    expect(
      effectClaimName({ namespace: 'n', stepRunName: '-'.repeat(253), effectKey: 'k' }),
    ).toMatch(/^s-effect-/);
  });

  it('are held under an identity of at most 253 bytes that keeps the owner', () => {
    const owner = '6f1d2c3b-0b7e-4a53-9c1e-2f0c9a7b5d10';
    expect(effectHolderIdentity({ namespace: 'n', stepRunName: 's', effectKey: ' k' }, owner)).toBe(
      `n:s:k:${owner}`,
    );
    const long = { namespace: 'n', stepRunName: 's'.repeat(63), effectKey: 'k'.repeat(256) };
    const holder = effectHolderIdentity(long, owner);
    expect(Buffer.byteLength(holder)).toBe(253);
    expect(holder).toMatch(new RegExp(`:[0-9a-f]{16}:${owner}$`));
    expect(effectHolderIdentity({ ...long, effectKey: `${'k'.repeat(255)}l` }, owner)).not.toBe(
      holder,
    );
  });

  it.each(['', '  ', 'k'.repeat(257)])('refuse the key %j', (effectKey) => {
    expect(() => effectClaimName({ namespace: 'n', stepRunName: 's', effectKey })).toThrow(
      expect.objectContaining({ code: 'INVALID_EFFECT_KEY' }),
    );
  });
});

describe('submissions', () => {
  it.each([
    ['team-a', 'order-flow', 'order-42', 'order-flow-trigger-46b69d8d0941b3ad'],
    [
      'team-a',
      'order-flow',
      '6f1d2c3b-0b7e-4a53-9c1e-2f0c9a7b5d10',
      'order-flow-trigger-a8424c5eeadaa875',
    ],
    ['default', 'example-story', 'sample-submission', 'example-story-trigger-7ae6e94cb44073bc'],
    [
      'default',
      'pr-review-assistant',
      'github:pull_request:37',
      'pr-review-assistant-trigger-d41f45f6ec621396',
    ],
    ['team-a', 'b'.repeat(250), 'token', `${'b'.repeat(228)}-trigger-72d1041bd14e9da0`],
    [
      'team-a',
      'order-flow',
      '3bf8b157c4238eefe5ae4a66eca81c6b887d4dcedb58dd674271859f4dc2edfd',
      'order-flow-trigger-29ceb440f97dbf18',
    ],
  ])('name their trigger (%s, %s, %s)', (storyNamespace, storyName, identity, name) => {
    expect(storyTriggerName({ storyNamespace, storyName, identity })).toBe(name);
  });

  it.each([
    ['team-a', 'order-flow', 'order-42', 'order-flow-order-42-46b69d8d0941b3ad'],
    [
      'team-a',
      'order-flow',
      '6f1d2c3b-0b7e-4a53-9c1e-2f0c9a7b5d10',
      'order-flow-6f1d2c3b-0b7e-4a53-9c1e-2f0c9a7b5d10-a8424c5eeadaa875',
    ],
    ['', 'workflow', 'abc123', 'workflow-abc123'],
    ['', 'workflow', 'Order 42 / Completed', 'workflow-order-42-completed-4669722e042c75d8'],
    ['', 'workflow', 'Order-42', 'workflow-order-42-6ecd2b307364542f'],
    ['', 'workflow', '!!!', 'workflow-85a42a866aa6da17'],
    ['', 'workflow', 'a'.repeat(300), 'workflow-58a12818b259b2e6'],
    ['team-a', 'workflow', 'deploy-42', 'workflow-deploy-42-57f8791470eb9006'],
  ])('name their run (%s, %s, %s)', (storyNamespace, storyName, identity, name) => {
    expect(storyRunName({ storyNamespace, storyName, identity })).toBe(name);
  });

  it('refuse holes', () => {
    expect(() => storyRunName({ storyNamespace: '', storyName: 's', identity: '' })).toThrow(
      expect.objectContaining({ code: 'INVALID_SUBMISSION' }),
    );
  });
});
