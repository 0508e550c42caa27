import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** The parts of a package.json that the rules look at. */
export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly private?: boolean;
  readonly [field: string]: unknown;
}

/** One folder under `packages/`. */
export interface WorkspacePackage {
  readonly folder: string;
  readonly directory: string;
  readonly manifest: Manifest;
}

/** One TypeScript file, parsed. */
export interface Source {
  /** From the root of the repository, with `/`. */
  readonly path: string;
  readonly folder: string;
  /** Whether it is part of what is published, not a test, an example or a benchmark beside it. */
  readonly shipped: boolean;
  readonly tree: ts.SourceFile;
}

const readManifest = (directory: string): Manifest =>
  JSON.parse(readFileSync(join(directory, 'package.json'), 'utf8'));

export const rootManifest = readManifest(root);

/** Every package of the workspace, in order of name. */
export const packages: readonly WorkspacePackage[] = readdirSync(join(root, 'packages'))
  .sort()
  .map((folder) => ({ folder, directory: join(root, 'packages', folder) }))
  .filter(({ directory }) => existsSync(join(directory, 'package.json')))
  .map((place) => ({ ...place, manifest: readManifest(place.directory) }));

const NOT_SHIPPED = /\.(test|test-d|examples|bench)\.ts$|\/(test|fixtures)\//;
const GENERATED = /\/(gen|generated)\//;

/** Parses the text of one file. */
export function parseSource(path: string, folder: string, text: string): Source {
  const tree = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return { path, folder, shipped: !NOT_SHIPPED.test(path), tree };
}

function parse(folder: string, file: string): Source {
  const path = relative(root, file).split(sep).join('/');
  return parseSource(path, folder, readFileSync(file, 'utf8'));
}

function typescriptFiles(directory: string): string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((file) => join(directory, file))
    .filter((file) => /\.[cm]?ts$/.test(file) && !/\.d\.[cm]?ts$/.test(file))
    .filter((file) => !/\/(node_modules|dist|fixtures)\//.test(file.split(sep).join('/')));
}

/** Every hand-written TypeScript file under `packages/*​/src` and `packages/*​/test`. */
export const sources: readonly Source[] = packages.flatMap(({ folder, directory }) =>
  [...typescriptFiles(join(directory, 'src')), ...typescriptFiles(join(directory, 'test'))]
    .map((file) => parse(folder, file))
    .filter(({ path }) => !GENERATED.test(path)),
);

export const shippedSources = sources.filter(({ shipped }) => shipped);

/** Calls `visit` for every node of a file. */
export function walk(tree: ts.Node, visit: (node: ts.Node) => void): void {
  visit(tree);
  ts.forEachChild(tree, (child) => walk(child, visit));
}

/** `path:line` of a node, as editors understand it. */
export function at({ path, tree }: Source, node: ts.Node): string {
  return `${path}:${tree.getLineAndCharacterOfPosition(node.getStart(tree)).line + 1}`;
}

/** One module that a file names in an import, an export, an `import()` or a `require()`. */
export interface ImportedModule {
  readonly specifier: string;
  readonly node: ts.Node;
}

/** Every module a file names. */
export function importsOf({ tree }: Source): ImportedModule[] {
  const found: ImportedModule[] = [];
  const add = (node: ts.Node, specifier: ts.Node | undefined) => {
    if (specifier && ts.isStringLiteralLike(specifier))
      found.push({ specifier: specifier.text, node });
  };
  walk(tree, (node) => {
    if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) {
      add(node, node.moduleSpecifier);
    } else if (ts.isImportTypeNode(node)) {
      add(node, ts.isLiteralTypeNode(node.argument) ? node.argument.literal : undefined);
    } else if (ts.isCallExpression(node)) {
      const callee = node.expression;
      const loads = callee.kind === ts.SyntaxKind.ImportKeyword;
      const requires = ts.isIdentifier(callee) && callee.text === 'require';
      if (loads || requires) add(node, node.arguments[0]);
    }
  });
  return found;
}

/** `@scope/name` or `name` of a module specifier, without a subpath. */
export function packageNameOf(specifier: string): string {
  const parts = specifier.split('/');
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : (parts[0] ?? specifier);
}
