#!/usr/bin/env node
import * as module from 'node:module';

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  process.stderr.write(
    `engramkit needs Node.js 20.19 or newer; this is ${process.versions.node} (${process.execPath}).\n` +
      'Install a newer one from https://nodejs.org, or run "npx -p node@22 engramkit …".\n',
  );
  process.exitCode = 1;
} else {
  // Node 22.1 and newer keep compiled code between starts; older ones do not have the function.
  (module as { readonly enableCompileCache?: () => unknown }).enableCompileCache?.();
  void import('./cli/main.js').then(({ main }) => main());
}
