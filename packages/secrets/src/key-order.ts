/** Orders texts by code points, which is the order of their UTF-8 bytes. */
export function compareKeys(left: string, right: string): number {
  const length = Math.min(left.length, right.length);
  for (let index = 0; index < length; ) {
    const one = left.codePointAt(index) as number;
    const other = right.codePointAt(index) as number;
    if (one !== other) return one - other;
    index += one > 0xffff ? 2 : 1;
  }
  return left.length - right.length;
}
