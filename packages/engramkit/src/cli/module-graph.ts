import { dirname, resolve } from 'node:path';

/**
 * The local files that a module is made of, itself included; packages are left out.
 *
 * A graph that cannot be built because of a syntax error holds what is known: the module and the files that the errors name.
 */
export async function moduleGraph(moduleFile: string): Promise<ReadonlySet<string>> {
  const { build } = await import('esbuild');
  const directory = dirname(moduleFile);
  const files = new Set([moduleFile]);
  try {
    const { metafile } = await build({
      entryPoints: [moduleFile],
      absWorkingDir: directory,
      bundle: true,
      metafile: true,
      write: false,
      outdir: directory,
      platform: 'node',
      format: 'esm',
      packages: 'external',
      // Assets are followed, not understood.
      loader: { '.node': 'empty' },
      logLevel: 'silent',
    });
    for (const input of Object.keys(metafile.inputs)) files.add(resolve(directory, input));
  } catch (failure) {
    const { errors = [] } = failure as {
      readonly errors?: readonly { readonly location?: { readonly file: string } | null }[];
    };
    for (const { location } of errors) {
      if (location?.file !== undefined) files.add(resolve(directory, location.file));
    }
  }
  return files;
}
