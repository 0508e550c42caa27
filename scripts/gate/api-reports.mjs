import fs from 'node:fs';
import path from 'node:path';
import ts from 'typescript';
import { Refusal, root } from '../progress.mjs';
import { entriesOf, publishedPackages, refuseIfAny } from '../workspace.mjs';

const HOME = path.join(root, 'docs', 'api');
const ACCEPT = 'npm run verify -- --only build,api-reports --update';

const printer = ts.createPrinter({ removeComments: true, newLine: ts.NewLineKind.LineFeed });

/** The declaration as a reader needs it: without private members, comments and the words `export declare`. */
function print(declaration) {
  const isVariable = ts.isVariableDeclaration(declaration);
  const statement = isVariable ? declaration.parent.parent : declaration;
  const hidden = (member) =>
    (ts.getCombinedModifierFlags(member) & ts.ModifierFlags.Private) !== 0 ||
    (member.name !== undefined && ts.isPrivateIdentifier(member.name));
  const { transformed } = ts.transform(statement, [
    (context) => (top) => {
      const visit = (node) => {
        if (ts.isClassElement(node) && hidden(node)) return undefined;
        const isWord =
          node.kind === ts.SyntaxKind.ExportKeyword || node.kind === ts.SyntaxKind.DeclareKeyword;
        return isWord ? undefined : ts.visitEachChild(node, visit, context);
      };
      return ts.visitNode(top, visit);
    },
  ]);
  return printer.printNode(ts.EmitHint.Unspecified, transformed[0], declaration.getSourceFile());
}

/** The names of this package that a declaration mentions, with their symbols. */
function mentionedSymbols(checker, declaration) {
  const found = [];
  const visit = (node) => {
    if (ts.isIdentifier(node)) {
      const symbol = checker.getSymbolAtLocation(node);
      if (symbol) found.push(symbol);
    }
    ts.forEachChild(node, visit);
  };
  visit(declaration);
  return found;
}

const resolved = (checker, symbol) =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** The package that declares a symbol: by name when it is another one, `undefined` when it is the one at `directory`. */
function origin(symbol, directory, byDirectory) {
  const file = symbol.declarations?.[0]?.getSourceFile().fileName ?? '';
  const real = fs.existsSync(file) ? fs.realpathSync(file) : file;
  if (real.startsWith(`${directory}${path.sep}`)) return undefined;
  for (const [other, name] of byDirectory) if (real.startsWith(`${other}${path.sep}`)) return name;
  return /node_modules\/((?:@[^/]+\/)?[^/]+)\/(?!.*node_modules)/.exec(real)?.[1] ?? 'elsewhere';
}

/** One entry of a package as text, and the names that its declarations mention but no entry exports. */
function describeEntry(program, place, entry, exported, byDirectory) {
  const checker = program.getTypeChecker();
  const module = checker.getSymbolAtLocation(program.getSourceFile(entry.types));
  const symbols = module ? checker.getExportsOfModule(module) : [];
  const forgotten = new Set();
  const lines = [...symbols]
    .sort((one, other) => (one.name < other.name ? -1 : 1))
    .map((symbol) => {
      const target = resolved(checker, symbol);
      const from = origin(target, place.directory, byDirectory);
      if (from !== undefined) return `export { ${symbol.name} } from '${from}';\n`;
      const declarations = target.declarations ?? [];
      for (const declaration of declarations) {
        for (const mentioned of mentionedSymbols(checker, declaration)) {
          const real = resolved(checker, mentioned);
          const statement = real.declarations?.[0]?.parent;
          const isTopLevel =
            statement && (ts.isSourceFile(statement) || ts.isVariableDeclarationList(statement));
          if (!isTopLevel || exported.has(real)) continue;
          if (origin(real, place.directory, byDirectory) === undefined)
            forgotten.add(`${symbol.name} mentions ${real.name}`);
        }
      }
      const alias = target.name === symbol.name ? '' : `// exported as ${symbol.name}\n`;
      return `${alias}${[...new Set(declarations.map(print))].join('\n')}\n`;
    });
  const text = `## \`${entry.specifier}\`\n\n\`\`\`ts no-check: a listing\n${lines.join('\n')}\`\`\`\n`;
  return { text, forgotten: [...forgotten] };
}

function reportOf(program, place, byDirectory) {
  const checker = program.getTypeChecker();
  const entries = entriesOf(place);
  const exported = new Set(
    entries.flatMap(({ types }) => {
      const module = checker.getSymbolAtLocation(program.getSourceFile(types));
      return module ? checker.getExportsOfModule(module).map((one) => resolved(checker, one)) : [];
    }),
  );
  const parts = entries.map((entry) => describeEntry(program, place, entry, exported, byDirectory));
  const forgotten = parts.flatMap((part) => part.forgotten);
  const unnamed = forgotten.map((line) => `- ${line}\n`).join('');
  const tail = unnamed && `\n## Mentioned, but exported by no entry\n\n${unnamed}`;
  const head = `# Public API of ${place.manifest.name}\n\nWritten by the gate from the built declarations; accept a change with \`${ACCEPT}\`.\n`;
  return `${head}\n${parts.map(({ text }) => text).join('\n')}${tail}`;
}

/** The first lines in which two reports differ, as `- was` and `+ is`. */
function difference(was, is) {
  const [before, after] = [was.split('\n'), is.split('\n')];
  const removed = before.filter((line) => !after.includes(line)).map((line) => `  - ${line}`);
  const added = after.filter((line) => !before.includes(line)).map((line) => `  + ${line}`);
  return (
    [...removed.slice(0, 12), ...added.slice(0, 12)].join('\n') || '  (only the order differs)'
  );
}

/** Compares what every entry exports with the committed report; `update` writes the reports instead. */
export async function checkApiReports({ update }) {
  const places = publishedPackages();
  const missing = places.flatMap(entriesOf).filter(({ types }) => !fs.existsSync(types));
  if (missing.length > 0)
    throw new Refusal(`Not built: ${missing.map(({ types }) => types).join(', ')}`);
  const byDirectory = places.map(({ directory, manifest }) => [directory, manifest.name]);
  const program = ts.createProgram(
    places.flatMap(entriesOf).map(({ types }) => types),
    {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      types: [],
      noEmit: true,
      skipLibCheck: true,
    },
  );
  const problems = [];
  const known = new Set();
  fs.mkdirSync(HOME, { recursive: true });
  for (const place of places) {
    const text = reportOf(program, place, byDirectory);
    const file = path.join(HOME, `${place.folder}.api.md`);
    known.add(path.basename(file));
    const before = fs.existsSync(file) ? fs.readFileSync(file, 'utf8') : '';
    if (before === text) continue;
    if (update) fs.writeFileSync(file, text);
    else
      problems.push(
        `${place.manifest.name}: its API is not the reported one\n${difference(before, text)}`,
      );
  }
  for (const file of fs
    .readdirSync(HOME)
    .filter((name) => name.endsWith('.api.md') && !known.has(name))) {
    if (update) fs.rmSync(path.join(HOME, file));
    else problems.push(`docs/api/${file} reports on a package that is gone`);
  }
  refuseIfAny(problems, `If the change is meant: ${ACCEPT}`);
  return `${places.length} reports`;
}
