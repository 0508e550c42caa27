import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  addDecimal,
  decimalFromNumber,
  decimalToNumber,
  parseAmount,
  parseDecimal,
} from './amount.js';
import { Budget } from './budget.js';
import { canonicalPath, canonicalTarget } from './canonical-target.js';
import { globMatches } from './glob.js';
import {
  expiryInstant,
  leaseAmounts,
  leaseCovers,
  parseExpiry,
  parseLease,
  readLease,
} from './lease.js';
import { assertLeaseSubset, patternCovers } from './subset.js';

const allows = (capability: string, pattern: string, target: string): boolean => {
  try {
    return leaseCovers({ [capability]: [pattern] }, capability, target).allowed;
  } catch (error) {
    expect(error).toMatchObject({ code: 'PERMISSION_DENIED' });
    return false;
  }
};

describe('patterns cover targets as the contract says', () => {
  it.each([
    ['fs.read', '/ws/app/**', '/ws/app', true],
    ['fs.read', '/ws/app/**', '/ws/app/../secret', false],
    ['fs.read', '/ws/app/*', '/ws/app/a/b', false],
    ['fs.read', '/ws/**/test', '/ws/test', true],
    ['fs.read', '/ws/app', '/ws/apple', false],
    ['fs.read', '/a/?', '/a/x', false],
    ['fs.read', '/a/**/b', '/a/x/y/b', true],
    ['fs.read', '/a/**', '/ab', false],
    ['fs.read', '/a/**', '/a/b/c', true],
    ['fs.read', '/ws/**', '/ws//x/./y', true],
    ['fs.read', 'ws/**', '../ws/x', false],
    ['fs.read', '/ws/**', '/ws/a\\b', false],
    ['tool.call', 'search.*', 'search.web.deep', true],
    ['tool.call', 'mcp:github/*', 'mcp:github/issues', true],
    ['tool.call', '[ab]', 'a', false],
    ['net.fetch', 'https://api.example.com/**', 'HTTPS://API.example.com:443/v1/x', true],
    [
      'net.fetch',
      'https://api.example.com/v1/**',
      'https://api.example.com/v1/%2e%2e/admin',
      false,
    ],
    [
      'net.fetch',
      'https://api.example.com/v1/**',
      'https://user:pw@api.example.com/v1/a?x=1#f',
      true,
    ],
    ['net.fetch', 'HTTPS://API.example.com:443/v1/*', 'https://api.example.com/v1/a', true],
    ['net.fetch', 'https://api.example.com/q?x=*', 'https://api.example.com/q?x=1', true],
    ['net.fetch', 'https://api.example.com/**', 'https://api.example.com.evil.test/', false],
    ['net.fetch', 'https://api.example.com/**', 'not a url', false],
  ] as const)('%s: %s and %s: %s', (capability, pattern, target, allowed) => {
    expect(allows(capability, pattern, target)).toBe(allowed);
  });

  it('answers in time that does not explode with the stars', () => {
    const pattern = `/${'**/a*'.repeat(60)}`;
    expect(globMatches(pattern, `/${'a/'.repeat(400)}b`)).toBe(false);
  });

  it('agrees with a regular expression on random patterns', () => {
    const piece = fc.constantFrom('*', '**', '/', 'a', 'b', '?', '.');
    fc.assert(
      fc.property(
        fc.array(piece, { minLength: 1, maxLength: 7 }).map((list) => list.join('')),
        fc
          .array(fc.constantFrom('/', 'a', 'b', '?', '.'), { maxLength: 7 })
          .map((list) => list.join('')),
        (pattern, target) => {
          // The plain rules only: the two slash rules are table cases above.
          fc.pre(!pattern.includes('/**'));
          const source = pattern.replaceAll(/\*+|[.?]/g, (part) =>
            part === '*' ? '[^/]*' : part.startsWith('*') ? '[\\s\\S]*' : `\\${part}`,
          );
          expect(globMatches(pattern, target)).toBe(new RegExp(`^${source}$`).test(target));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('gives every path one spelling', () => {
    fc.assert(
      fc.property(
        fc
          .array(fc.constantFrom('a', 'b', '.', '..', ''), { maxLength: 8 })
          .map((list) => `/${list.join('/')}`),
        (path) => {
          const once = canonicalPath(path);
          expect(canonicalPath(once)).toBe(once);
          expect(once.split('/')).not.toContain('..');
        },
      ),
    );
  });

  it('leaves names of tools as they are', () => {
    expect(canonicalTarget('tool.call', 'A/../b')).toBe('A/../b');
  });
});

describe('a delegated lease stays within its parent', () => {
  it.each([
    ['/ws/**', '/ws/src/**', true],
    ['/ws/**', '/etc/**', false],
    ['/ws/*', '/ws/**', false],
    ['/ws/*', '/ws/a*', true],
    ['/ws/*', '/ws/a**', false],
    ['/ws/a*', '/ws/ab', true],
    ['/ws/a*', '/ws/*', false],
    ['/a/?', '/a/x', false],
    ['/a/?', '/a/?', true],
    ['**', '/anything/**', true],
    ['**/a', 'a', false],
    ['/ws/**', '/ws/../etc', false],
    ['/ws/x**', '/ws/x**', true],
    ['/ws/x**', '/ws/xy', false],
  ])('%s over %s: %s', (parent, child, covered) => {
    expect(patternCovers('fs.read', parent, child)).toBe(covered);
  });

  it('never calls a pattern covered that matches more than its parent', () => {
    const segment = fc.constantFrom('**', '*', 'a', 'b', 'a*', '*b', 'a**');
    const pattern = fc
      .tuple(fc.constantFrom('/', ''), fc.array(segment, { minLength: 1, maxLength: 4 }))
      .map(([lead, list]) => lead + list.join('/'));
    const target = fc
      .tuple(
        fc.constantFrom('/', ''),
        fc.array(fc.constantFrom('a', 'b', 'ab', 'ba'), { minLength: 1, maxLength: 5 }),
      )
      .map(([lead, list]) => lead + list.join('/'));
    fc.assert(
      fc.property(pattern, pattern, target, (parent, child, path) => {
        if (patternCovers('tool.call', parent, child) && globMatches(child, path)) {
          expect(globMatches(parent, path)).toBe(true);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it('names the capability that is too wide', () => {
    expect(() => assertLeaseSubset({ 'fs.read': ['/ws/**'] }, { 'fs.write': ['/ws/a'] })).toThrow(
      expect.objectContaining({ code: 'LEASE_SUBSET_VIOLATION', retryable: false }),
    );
  });
});

describe('budgets are exact', () => {
  it('is used up by ten times a tenth', () => {
    const budget = new Budget([parseAmount('USD:1.00')]);
    for (let time = 0; time < 10; time += 1) budget.spend('USD', 0.1);
    expect(budget.exhausted()).toBe('USD');
    expect(budget.toJSON()).toEqual({ USD: 0 });
  });

  it('may go below zero and says when it crossed', () => {
    const budget = new Budget([parseAmount('USD:1.00')]);
    expect(budget.spend('USD', 0.42)).toMatchObject({ crossedZero: false });
    expect(budget.toJSON()).toEqual({ USD: 0.58 });
    expect(budget.spend('USD', 0.7)).toMatchObject({ crossedZero: true });
    expect(budget.toJSON()).toEqual({ USD: -0.12 });
  });

  it.each([-1, Number.NaN, Number.POSITIVE_INFINITY])(
    'refuses a cost of %d and subtracts nothing',
    (value) => {
      const budget = new Budget([parseAmount('USD:1')]);
      expect(() => budget.spend('USD', value)).toThrow(
        expect.objectContaining({ code: 'INVALID_REQUEST' }),
      );
      expect(budget.toJSON()).toEqual({ USD: 1 });
    },
  );

  it('adds repeated currencies up and ignores currencies without a limit', () => {
    const budget = new Budget(leaseAmounts({ 'cost.budget': ['USD:1', 'USD:0.5', 'credits:3'] }));
    expect(budget.spend('EUR', 5)).toBeUndefined();
    expect(budget.toJSON()).toEqual({ USD: 1.5, credits: 3 });
  });

  it('sets delegated amounts aside and takes the rest back once', () => {
    const budget = new Budget([parseAmount('USD:5.00')]);
    const first = budget.reserve([parseAmount('USD:4.00')]);
    expect(() => budget.reserve([parseAmount('USD:2.00')])).toThrow(
      expect.objectContaining({ code: 'LEASE_SUBSET_VIOLATION' }),
    );
    first.budget.spend('USD', 1.25);
    first.settle();
    first.settle();
    expect(budget.toJSON()).toEqual({ USD: 3.75 });
  });

  it.each([
    'USD',
    'USD:',
    'USD:-1',
    ':1',
    'USD:1.',
    'USD:1e3',
    '1:1',
    'USD: 1',
    `USD:${'9'.repeat(200)}`,
  ])('refuses the amount %s', (text) => {
    expect(() => parseAmount(text)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
  });

  it('adds as integers do, at any scale', () => {
    const cents = fc.integer({ min: -1_000_000, max: 1_000_000 });
    fc.assert(
      fc.property(cents, cents, (left, right) => {
        const sum = addDecimal(decimalFromNumber(left / 100)!, decimalFromNumber(right / 100)!);
        expect(decimalToNumber(sum)).toBe((left + right) / 100);
      }),
    );
    expect(parseDecimal('1e-7')).toEqual({ units: 1n, scale: 7 });
    expect(decimalFromNumber(1e21)).toEqual({ units: 10n ** 21n, scale: 0 });
  });
});

describe('leases are read strictly from submitters and tolerantly from runtimes', () => {
  it.each([
    [[]],
    [{ 'fs.read': '/a' }],
    [{ 'fs.read': [''] }],
    [{ 'fs.remove': ['/a'] }],
    [{ 'x-vendor.a': ['x'] }],
    [{ 'cost.budget': ['1 USD'] }],
  ])('refuses %j', (value) => {
    expect(() => parseLease(value as never)).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    );
  });

  it('keeps a capability named __proto__ from reaching any prototype', () => {
    const hostile = JSON.parse('{"__proto__":["**"]}');
    expect(() => parseLease(hostile)).toThrow(expect.objectContaining({ code: 'INVALID_REQUEST' }));
    expect(readLease(hostile).lease).not.toHaveProperty('length');
  });

  it('reads the shape of the Ruby gem', () => {
    expect(
      readLease({
        id: 'lse_job_1',
        capabilities: ['tool.call'],
        issued_at: 'x',
        expires_at: '2030-01-01T00:00:00Z',
      }),
    ).toEqual({ lease: { 'tool.call': ['**'] }, expiresAt: '2030-01-01T00:00:00Z' });
  });

  it.each([
    '2020-01-01T00:00:00Z',
    '2999-01-01T00:00:00+00:00',
    'tomorrow',
    '2999-02-31T00:00:00Z',
    5,
    null,
  ])('refuses the expiry %s', (value) => {
    expect(() => parseExpiry(value, Date.UTC(2026, 0, 1))).toThrow(
      expect.objectContaining({ code: 'INVALID_REQUEST' }),
    );
  });

  it('takes a real future instant with any fraction', () => {
    expect(parseExpiry('2999-02-28T23:59:59.123456Z', 0)).toBe(
      Date.UTC(2999, 1, 28, 23, 59, 59, 123),
    );
    expect(expiryInstant('2028-02-29T00:00:00Z')).toBe(Date.UTC(2028, 1, 29));
  });
});
