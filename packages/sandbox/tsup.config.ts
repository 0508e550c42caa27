import { packageBuild } from '../../tsup.base.js';

// The engine's worker is an entry of its own: threads are started from its file.
export default packageBuild({ entry: ['src/index.ts', 'src/engine-worker.ts'] });
