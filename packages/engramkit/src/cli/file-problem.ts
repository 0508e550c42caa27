import { EngramkitError } from '@engramkit/core';

/** What people call the failures of the file system, and what helps. */
const REASONS: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  ENOENT: ['does not exist', 'Check the spelling and the directory that you started in.'],
  EACCES: ['may not be accessed', 'Give yourself permission, or run as a user that has it.'],
  EPERM: ['may not be accessed', 'Give yourself permission, or run as a user that has it.'],
  EISDIR: ['is a directory', 'Name a file in it.'],
  ENOTDIR: [
    'cannot exist, because a part of its path is a file',
    'Check the path from the left to the right.',
  ],
  ELOOP: ['is a circle of symbolic links', 'Remove one of the links.'],
  ENAMETOOLONG: ['has too long a name', 'Use a shorter path.'],
  ENOSPC: ['could not be written: the disk is full', 'Free some space, then try again.'],
  EDQUOT: ['could not be written: the quota is used up', 'Free some space, then try again.'],
  EROFS: ['lies on a read-only file system', 'Choose another place with --directory.'],
};

/** An error of the file system in words. */
export function fileProblem(
  error: unknown,
  about: { readonly what: string; readonly file: string; readonly code: string },
): EngramkitError {
  const system = (error as NodeJS.ErrnoException | undefined)?.code ?? '';
  const [reason, hint] = REASONS[system] ?? [`failed with ${system || 'an unknown error'}`, ''];
  return new EngramkitError(`${about.what} ${reason} (${about.file})`, {
    code: about.code,
    ...(hint === '' ? {} : { hint }),
    details: { file: about.file, system },
    cause: error,
  });
}
