// How other languages write a double. JavaScript finds the same shortest digits; only the layout differs.

/** CPython's `float.__repr__`. Source: function-descriptor section 3.2. */
export function pythonFloatText(value: number): string {
  if (!Number.isFinite(value)) {
    return Number.isNaN(value) ? 'NaN' : value > 0 ? 'Infinity' : '-Infinity';
  }
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  if (size >= 1e-4 && size < 1e16) return withFraction(String(value));
  const text = value.toExponential();
  // JavaScript writes one digit for small exponents, Python at least two.
  return text.at(-2) === '-' || text.at(-2) === '+' ? `${text.slice(0, -1)}0${text.at(-1)}` : text;
}

/** serde_json's text of an f64, from 1.0.147 on. Source: sandbox section 4. */
export function serdeFloatText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  const size = Math.abs(value);
  return size >= 1e-5 && size < 1e16 ? withFraction(String(value)) : value.toExponential();
}

/** serde_json's text of an f64 before 1.0.147: no plus in exponents. Source: sandbox section 4. */
export function oldSerdeFloatText(value: number): string {
  return serdeFloatText(value).replace('+', '');
}

/** ECMAScript's text, as RFC 8785 demands; both zeros are `0`. */
export function ecmaScriptNumberText(value: number): string {
  return String(value);
}

/** DAG-JSON's text: integers beyond the safe range carry a fraction. Source: function-descriptor section 4.2. */
export function dagJsonNumberText(value: number): string {
  if (value === 0) return '0';
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** A float of DAG-JSON that says that it is one. */
export function dagJsonFloatText(value: number): string {
  if (value === 0) return Object.is(value, -0) ? '-0.0' : '0.0';
  return dagJsonNumberText(value);
}

function withFraction(text: string): string {
  return text.includes('.') ? text : `${text}.0`;
}
