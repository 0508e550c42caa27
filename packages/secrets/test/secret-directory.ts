import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

/** A temporary directory of secret files that removes itself. */
export class SecretDirectory implements Disposable {
  readonly path = mkdtempSync(join(tmpdir(), 'secrets-'));
  #generation = 0;

  write(name: string, content: string | Uint8Array): string {
    const path = join(this.path, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
    return path;
  }

  link(name: string, target: string): void {
    symlinkSync(target, join(this.path, name));
  }

  /** Publishes files as Kubernetes does: a new generation of all files, and one rename that makes it current. */
  project(files: Readonly<Record<string, string>>): void {
    this.#generation += 1;
    const generation = `..2026_01_02_03_04_05.${this.#generation}`;
    for (const [name, content] of Object.entries(files)) {
      this.write(`${generation}/${name}`, content);
      const top = name.split('/')[0] as string;
      rmSync(join(this.path, top), { force: true });
      this.link(top, `..data/${top}`);
    }
    this.link('..data_tmp', generation);
    renameSync(join(this.path, '..data_tmp'), join(this.path, '..data'));
    if (this.#generation > 1) {
      const old = join(this.path, `..2026_01_02_03_04_05.${this.#generation - 1}`);
      rmSync(old, { recursive: true });
    }
  }

  [Symbol.dispose](): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}
