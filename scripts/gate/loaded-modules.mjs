import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { Refusal, root, run } from '../progress.mjs';
import { quietEnvironment } from './import-cost.mjs';

const TRACE = new URL('trace-modules.mjs', import.meta.url).href;

async function load(folder, { files, command }) {
  for (const [name, lines] of Object.entries(files))
    fs.writeFileSync(path.join(folder, name), lines.join('\n'));
  fs.mkdirSync(path.join(folder, 'node_modules'), { recursive: true });
  const link = (target, name) => {
    const place = path.join(folder, 'node_modules', name);
    if (!fs.existsSync(place)) fs.symlinkSync(target, place, 'junction');
  };
  link(path.join(root, 'packages', 'engramkit'), 'engramkit');
  link(fs.realpathSync(path.join(root, 'node_modules', 'zod')), 'zod');
  const log = path.join(folder, 'modules.log');
  fs.writeFileSync(log, '');
  const cli = path.join(root, 'packages', 'engramkit', 'dist', 'cli.js');
  const result = await run(process.execPath, ['--import', TRACE, cli, ...command], {
    capture: true,
    cwd: folder,
    env: { ...quietEnvironment(), ENGRAMKIT_MODULE_LOG: log },
    timeoutMs: 60_000,
  });
  if (result.status !== 0) throw new Refusal(`engramkit ${command.join(' ')}\n${result.output}`);
  return fs.readFileSync(log, 'utf8').split('\n').filter(Boolean);
}

/** The files of every module that a run of the built command loads; its project is laid in a folder of its own. */
export async function modulesLoadedBy(trial) {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'engramkit-run-'));
  try {
    return await load(folder, trial);
  } finally {
    fs.rmSync(folder, { recursive: true, force: true });
  }
}
