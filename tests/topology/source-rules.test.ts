import ts from 'typescript';
import { describe, expect, it } from 'vitest';
import { allowing, touchesOf } from './ambient.js';
import { allowances, LONGEST_FILE } from './house.js';
import { at, packages, type Source, shippedSources, sources, walk } from './sources.js';

/** Where the nodes are, in every given file, for which `matches` holds. */
function places(
  files: readonly Source[],
  matches: (node: ts.Node, source: Source) => boolean,
): string[] {
  const found: string[] = [];
  for (const source of files) {
    walk(source.tree, (node) => {
      if (matches(node, source))
        found.push(`${at(source, node)} ${node.getText().split('\n', 1)[0]}`);
    });
  }
  return found;
}

/** Whether an `await` stands outside of every function, so that loading the module waits for it. */
function isTopLevel(node: ts.Node): boolean {
  for (let outer = node.parent; outer; outer = outer.parent) {
    if (ts.isFunctionLike(outer) || ts.isClassStaticBlockDeclaration(outer)) return false;
  }
  return true;
}

describe('the source of the packages', () => {
  it('is there to be checked', () => {
    expect(shippedSources.length).toBeGreaterThan(packages.length);
  });

  it('has index files that only re-export, by name', () => {
    const indexes = shippedSources.filter(({ path }) => /\/src\/(?:[^/]+\/)?index\.ts$/.test(path));
    const wrong = indexes.flatMap((source) =>
      source.tree.statements
        .filter((statement) => {
          if (!ts.isExportDeclaration(statement)) return true;
          const { exportClause, moduleSpecifier } = statement;
          if (!exportClause || !ts.isNamedExports(exportClause)) return true;
          return !moduleSpecifier && exportClause.elements.length > 0;
        })
        .map((statement) => at(source, statement)),
    );
    expect(wrong).toEqual([]);
  });

  it('has no default export and no `export *`', () => {
    const wrong = places(shippedSources, (node) => {
      if (ts.isExportAssignment(node)) return true;
      if (node.kind === ts.SyntaxKind.DefaultKeyword && !ts.isDefaultClause(node.parent))
        return true;
      return ts.isExportDeclaration(node) && node.exportClause === undefined;
    });
    expect(wrong).toEqual([]);
  });

  it('never awaits while it is loaded, so that require() works', () => {
    const wrong = places(shippedSources, (node) => {
      const waits =
        ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && !!node.awaitModifier);
      return waits && isTopLevel(node);
    });
    expect(wrong).toEqual([]);
  });

  it('touches the clock, randomness, the environment, the console and the bare JSON parser only where allowed', () => {
    const wrong = shippedSources.flatMap((source) =>
      touchesOf(source)
        .filter(({ kind }) => allowing(source.path, kind).length === 0)
        .map(({ kind, what, where }) => `${where} ${what} (${kind})`),
    );
    expect(wrong).toEqual([]);
  });

  it('needs every allowance that is given', () => {
    const used = new Set(
      shippedSources.flatMap((source) =>
        touchesOf(source).flatMap(({ kind }) =>
          allowing(source.path, kind).map(({ where }) => `${where} ${kind}`),
        ),
      ),
    );
    const idle = allowances
      .flatMap(({ where, may }) => may.map((kind) => `${where} ${kind}`))
      .filter((entry) => !used.has(entry));
    expect(idle).toEqual([]);
  });

  it('says `unknown`, never `any`', () => {
    expect(places(sources, (node) => node.kind === ts.SyntaxKind.AnyKeyword)).toEqual([]);
  });

  it('has no enum, namespace or decorator', () => {
    const wrong = places(sources, (node) => {
      const globalScope = ts.isModuleDeclaration(node) && ts.isStringLiteral(node.name);
      return (
        ts.isEnumDeclaration(node) ||
        (ts.isModuleDeclaration(node) && !globalScope) ||
        ts.isDecorator(node)
      );
    });
    expect(wrong).toEqual([]);
  });

  it('silences the compiler only in type tests, where an error is what is expected', () => {
    const wrong = sources.flatMap(({ path, tree }) => {
      const silenced = tree.text.match(/@ts-(ignore|nocheck|expect-error)/g) ?? [];
      const bad = silenced.filter(
        (mark) => mark !== '@ts-expect-error' || !/\.test(-d)?\.ts$/.test(path),
      );
      return bad.map((mark) => `${path} ${mark}`);
    });
    expect(wrong).toEqual([]);
  });

  it(`keeps one concept per file: at most ${LONGEST_FILE} lines`, () => {
    const long = shippedSources
      .map(({ path, tree }) => ({ path, lines: tree.getLineStarts().length - 1 }))
      .filter(({ lines }) => lines > LONGEST_FILE)
      .map(({ path, lines }) => `${path}: ${lines} lines`);
    expect(long).toEqual([]);
  });

  it('names a file for its concept, in kebab-case', () => {
    const wrong = sources
      .map(({ path }) => path)
      .filter((path) => {
        const file = path.split('/').pop() ?? '';
        return (
          !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z-]+)*\.ts$/.test(file) ||
          /^(utils?|helpers?|misc|common)\./.test(file)
        );
      });
    expect(wrong).toEqual([]);
  });

  it('skips and focuses no test', () => {
    const wrong = places(
      sources.filter(({ path }) => path.endsWith('.test.ts')),
      (node) =>
        ts.isPropertyAccessExpression(node) &&
        /^(it|test|describe)$/.test(node.expression.getText()) &&
        /^(skip|only|todo)$/.test(node.name.text),
    );
    expect(wrong).toEqual([]);
  });
});
