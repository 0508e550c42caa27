const LONGEST_NAME = 63;
/** File and folder names that say where something is, not what it is. */
const PLACES: readonly string[] = ['index', 'main', 'mod', 'engram', 'src', 'dist', 'lib', 'build'];

/**
 * The name of a component whose author gave none: from its module's file, or from the folder when the file is an `index`.
 *
 * The result has lower-case letters, digits and dashes, at most 63 characters; `engram` when nothing is left.
 */
export function componentNameOf(module: string): string {
  const path = module.replace(/[?#].*$/s, '').replaceAll('\\', '/');
  const steps = path.split('/').filter((step) => step !== '' && step !== '.' && step !== '..');
  const names = steps
    .map((step, index) => {
      const text = decoded(step);
      return slug(index === steps.length - 1 ? withoutExtension(text) : text);
    })
    .filter((name) => name !== '');
  return names.findLast((name) => !PLACES.includes(name)) ?? names.at(-1) ?? 'engram';
}

function withoutExtension(file: string): string {
  return file.replace(/(?!^)\.[^.]*$/, '');
}

function decoded(step: string): string {
  try {
    return decodeURIComponent(step);
  } catch {
    return step; // A path, not a URL: the percent sign is part of the name.
  }
}

function slug(text: string): string {
  return text
    .replace(/([a-z0-9])([A-Z])/g, '$1-$2')
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .slice(0, LONGEST_NAME)
    .replace(/^-+|-+$/g, '');
}
