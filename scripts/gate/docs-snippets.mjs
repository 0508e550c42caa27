import fs from 'node:fs';
import path from 'node:path';
import { Refusal, root } from '../progress.mjs';
import { cacheFolder, node, publishedPackages, refuseIfAny } from '../workspace.mjs';

/** Every page whose examples are held to compile, relative to the root. */
function pages() {
  const docs = path.join(root, 'docs');
  const underDocs = fs.existsSync(docs)
    ? fs
        .readdirSync(docs, { recursive: true, encoding: 'utf8' })
        .map((file) => path.join('docs', file))
    : [];
  const readmes = publishedPackages().map(({ folder }) => `packages/${folder}/README.md`);
  const skipped = /(^|[/\\])(api|node_modules|\.vitepress)[/\\]/;
  const atRoot = fs.readdirSync(root).filter((file) => file.endsWith('.md'));
  return [...atRoot, ...readmes, ...underDocs.filter((file) => !skipped.test(file))].filter(
    (file) => file.endsWith('.md') && fs.existsSync(path.join(root, file)),
  );
}

/**
 * The ```ts blocks of a page. The words after `ts` may hold `file=name.ts` (other blocks of the page can then import it) and
 * `no-check: reason` (the block is not compiled; the reason is required).
 */
export function snippetsOf(markdown) {
  const snippets = [];
  const fence = /^```(?:ts|typescript)\b([^\n]*)\n([\s\S]*?)^```\s*$/gm;
  for (const match of markdown.matchAll(fence)) {
    const [, words, code] = match;
    const line = markdown.slice(0, match.index).split('\n').length;
    const file = /\bfile=([\w./-]+)/.exec(words)?.[1] ?? `line-${line}.ts`;
    const optOut = /\bno-check\b(?::\s*(.*))?/.exec(words);
    snippets.push({ file, code, line, checked: optOut === null, reason: optOut?.[1] ?? '' });
  }
  return snippets;
}

/** The links of a page to files that are not there. Code blocks do not count. */
function deadLinks(page) {
  const text = fs.readFileSync(path.join(root, page), 'utf8').replace(/^```[\s\S]*?^```/gm, '');
  const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target);
  return targets
    .filter((target) => !/^([a-z]+:|#)/i.test(target))
    .map((target) => decodeURI(target.replace(/#.*$/, '')))
    .filter((target) => !fs.existsSync(path.join(root, path.dirname(page), target)))
    .map((target) => `${page} links to ${target}, which is not there`);
}

/** Compiles every ```ts block of the README files and of docs/ against the workspace, and follows their links to files. */
export async function checkDocsSnippets() {
  const home = cacheFolder('docs-snippets');
  fs.rmSync(home, { recursive: true, force: true });
  const files = [];
  const unexplained = [];
  refuseIfAny(pages().flatMap(deadLinks));
  for (const page of pages()) {
    const folder = path.join(home, page.replace(/\.md$/, ''));
    for (const snippet of snippetsOf(fs.readFileSync(path.join(root, page), 'utf8'))) {
      if (!snippet.checked) {
        if (!snippet.reason)
          unexplained.push(`${page}:${snippet.line} says no-check without a reason`);
        continue;
      }
      const file = path.join(folder, snippet.file);
      fs.mkdirSync(path.dirname(file), { recursive: true });
      // The same line numbers as in the page, and a module even without an import.
      fs.writeFileSync(file, `${'\n'.repeat(snippet.line)}${snippet.code}\nexport {};\n`);
      files.push(file);
    }
  }
  refuseIfAny(unexplained, 'Write the reason: ```ts no-check: because …');
  if (files.length === 0)
    throw new Refusal('No ```ts block was found: the README has lost its example.');
  const config = {
    extends: path.join(root, 'tsconfig.json'),
    compilerOptions: { noUnusedLocals: false, rootDir: root },
    include: [],
    files,
  };
  const project = path.join(home, 'tsconfig.json');
  fs.writeFileSync(project, JSON.stringify(config, null, 2));
  try {
    await node(['scripts/tsc7.mjs', '-p', project, '--noEmit', '--pretty', 'false']);
  } catch (error) {
    const cache = `${path.relative(root, home).split(path.sep).join('/')}/`;
    throw new Refusal(error.message.replaceAll(cache, '').replace(/\/line-\d+\.ts\(/g, '.md('));
  }
  return `${files.length} snippets in ${pages().length} pages`;
}
