import { packageBuild } from '../../tsup.base.js';

/** The author's import: a thin file that names other packages, so that a project has one copy of them. */
export default packageBuild();
