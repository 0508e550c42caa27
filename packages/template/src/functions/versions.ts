import { FunctionError } from '../errors.js';
import { SemanticVersion, VersionError } from '../go/version.js';
import { satisfies } from '../go/version-range.js';
import { type FunctionTable, fn, text } from './signature.js';

function reporting<Value>(run: () => Value): Value {
  try {
    return run();
  } catch (thrown) {
    if (thrown instanceof VersionError) throw new FunctionError(thrown.message);
    throw thrown;
  }
}

/** Semantic versions. Source: template section 6. */
export const VERSIONS: FunctionTable = {
  semver: fn('string', (args) => reporting(() => SemanticVersion.parse(text(args, 0)))),
  semverCompare: fn('string string', (args) =>
    reporting(() => satisfies(text(args, 0), text(args, 1))),
  ),
};
