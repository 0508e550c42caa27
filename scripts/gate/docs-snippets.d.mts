/** One ```ts block of a page. */
export interface Snippet {
  readonly file: string;
  readonly code: string;
  readonly line: number;
  readonly checked: boolean;
  readonly reason: string;
}

/** The ```ts blocks of a page. */
export function snippetsOf(markdown: string): readonly Snippet[];

/** Compiles every ```ts block of the README files and of docs/ against the workspace, and follows their links to files. */
export function checkDocsSnippets(): Promise<string>;
