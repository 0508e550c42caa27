#!/usr/bin/env node
// Publishes every package whose version the registry does not have yet, after `changeset version` was committed.
//
//   ENGRAMKIT_RELEASE_REGISTRY=<address> npm run release
//
// The registry is named on purpose, each time: `changeset publish` does not read the registry of a project's .npmrc and would
// fall back to the public one.
import path from 'node:path';
import { finish, Refusal, root, run } from './progress.mjs';

function namedRegistry() {
  const named = process.env.ENGRAMKIT_RELEASE_REGISTRY ?? '';
  if (!URL.canParse(named) || !/^https?:$/.test(new URL(named).protocol)) {
    throw new Refusal(
      `ENGRAMKIT_RELEASE_REGISTRY is "${named}", so nothing is published.\n` +
        'Name the registry on purpose: ENGRAMKIT_RELEASE_REGISTRY=<address> npm run release',
    );
  }
  const { href, protocol, hostname } = new URL(named);
  const isLoopback = ['127.0.0.1', '[::1]', 'localhost'].includes(hostname);
  if (protocol === 'http:' && !isLoopback) {
    throw new Refusal(`${href} is not encrypted; only a registry on this machine may be.`);
  }
  return href;
}

async function release() {
  const registry = namedRegistry();
  const changeset = path.join(root, 'node_modules', '@changesets', 'cli', 'bin.js');
  // In continuous integration with an identity token, the registry records where a package was built.
  const canProve = Boolean(
    process.env.ACTIONS_ID_TOKEN_REQUEST_URL || process.env.SIGSTORE_ID_TOKEN,
  );
  const provenance = canProve ? { npm_config_provenance: 'true' } : {};
  process.stdout.write(`Publishing to ${registry}\n`);
  const env = { ...process.env, npm_config_registry: registry, ...provenance };
  const { status } = await run(process.execPath, [changeset, 'publish'], { env, timeoutMs: 0 });
  return status;
}

finish(release());
