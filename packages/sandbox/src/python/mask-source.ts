/** The source with strings as digits, line ends inside of them too, and comments as blanks; every offset stays what it was. */
export function maskSource(source: string): string {
  const masked = source.split('');
  let at = 0;
  while (at < source.length) {
    const char = source[at];
    if (char === '#') {
      const end = lineEnd(source, at);
      masked.fill(' ', at, end);
      at = end;
    } else if (char === '"' || char === "'") {
      const end = stringEnd(source, at, char);
      masked.fill('0', at, end);
      at = end;
    } else at += 1;
  }
  return masked.join('');
}

function lineEnd(source: string, from: number): number {
  const end = source.indexOf('\n', from);
  return end === -1 ? source.length : end;
}

function stringEnd(source: string, start: number, quote: string): number {
  const triple = quote.repeat(3);
  const closing = source.startsWith(triple, start) ? triple : quote;
  let at = start + closing.length;
  while (at < source.length) {
    if (source[at] === '\\') at += 2;
    else if (source.startsWith(closing, at)) return at + closing.length;
    else if (closing === quote && source[at] === '\n') return at;
    else at += 1;
  }
  return source.length;
}
