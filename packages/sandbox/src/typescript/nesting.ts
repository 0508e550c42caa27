/** More brackets inside of each other than people or programs write. */
const DEEPEST = 500;

/**
 * Whether brackets are nested so deeply that a reader would overflow its stack.
 *
 * Looked at before any reader is: one whose stack overflows inside of a regular expression takes the whole process with it.
 */
export function isNestedTooDeeply(source: string): boolean {
  let depth = 0;
  for (let at = 0; at < source.length; at++) {
    const char = source[at];
    if (char === '(' || char === '[' || char === '{') {
      depth += 1;
      if (depth > DEEPEST) return true;
    } else if (char === ')' || char === ']' || char === '}') depth = Math.max(0, depth - 1);
  }
  return false;
}

/** A program with everything that readers look at by regular expressions, which are then compiled while there is stack for it. */
export const WARMING_PROGRAM = `/* c */ // d
let a = \`x\r\n\${\`y\${1}\`}\`, \\u0061b = /[a-z]+(?<n>x)/giu, é = 0x1f + 1_0 + 1e3 + 0b1 + 10n, s = 'q\\u{61}\\x61\\0';
async function* f(x, ...y) { for await (const z of x) yield* y; } class C extends Object { #p = 1; static get q() { return this.#p } }
if (a) { a?.b ?? c } else while (0) break; (async () => await 1)().then((x) => x, function () { throw new Error() });
`;
