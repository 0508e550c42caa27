import type { JsonObject } from '@engramkit/core';

/** Manifests as JSON text with two spaces and a line end: one object alone, several as a Kubernetes List. */
export function manifestJson(manifests: readonly JsonObject[]): string {
  const [only] = manifests;
  const document =
    manifests.length === 1 ? only : { apiVersion: 'v1', kind: 'List', items: manifests };
  return `${JSON.stringify(document, null, 2)}\n`;
}

/**
 * Manifests as YAML documents, separated by `---`; the same manifests give the same bytes.
 *
 * Texts that a YAML 1.1 reader would take for something else are quoted, so that clusters read what was meant.
 */
export async function manifestYaml(manifests: readonly JsonObject[]): Promise<string> {
  const { Document } = await import('yaml');
  return manifests
    .map((manifest) => {
      const document = new Document(manifest, { version: '1.1', aliasDuplicateObjects: false });
      return document.toString({ lineWidth: 0, directives: false });
    })
    .join('---\n');
}
