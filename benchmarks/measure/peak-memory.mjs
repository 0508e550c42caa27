// Prints by how many bytes the resident set grew at most while an expression ran once on a 5 MB document.
import { canonicalize, canonicalizeToBytes, contentId } from '@engramkit/ids';
import { documentOf } from './documents.mjs';

const expression = process.argv[2];
const value = documentOf(5_000_000);
const run = new Function(
  'value',
  'canonicalize',
  'canonicalizeToBytes',
  'contentId',
  `return ${expression}`,
);
run(documentOf(10_000), canonicalize, canonicalizeToBytes, contentId);
globalThis.gc();
const before = process.memoryUsage().rss;
const result = run(value, canonicalize, canonicalizeToBytes, contentId);
// The kernel keeps the highest resident set; it is reached in this call unless the call needed nothing.
const peak = process.resourceUsage().maxRSS * 1024;
if (result === undefined) throw new Error('Nothing was made.');
console.log(Math.max(0, peak - before));
