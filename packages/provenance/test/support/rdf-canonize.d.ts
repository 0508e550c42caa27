/** The part of `rdf-canonize` that tests use; the package has no types. */
declare module 'rdf-canonize' {
  export function canonize(
    input: string,
    options: {
      readonly algorithm: 'RDFC-1.0';
      readonly inputFormat: 'application/n-quads';
      readonly format: 'application/n-quads';
    },
  ): Promise<string>;
}
