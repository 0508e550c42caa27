// Preloaded with --import: writes the file of every module that the process loads to the file ENGRAMKIT_MODULE_LOG.
import fs from 'node:fs';
import { createRequire, register } from 'node:module';

const hook = `
import fs from 'node:fs';
export async function load(url, context, next) {
  fs.appendFileSync(${JSON.stringify(process.env.ENGRAMKIT_MODULE_LOG)}, url + '\\n');
  return next(url, context);
}`;
register(`data:text/javascript,${encodeURIComponent(hook)}`);

// Modules that CommonJS loads with require() do not pass the hook; they are in its cache at the end.
process.on('exit', () => {
  const { cache } = createRequire(import.meta.url);
  const lines = Object.keys(cache).map((file) => `${file}\n`);
  fs.appendFileSync(process.env.ENGRAMKIT_MODULE_LOG, lines.join(''));
});
