import { InvalidInputError } from '@engramkit/core';
import type { ResourceScope } from './kubernetes-client.js';

/** One segment of an address: letters, digits, and what names of objects may bear; never a path of its own. */
const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9][A-Za-z0-9._:~-]{0,252}$/;

/** The path of a resource; refuses names that could reach another one. */
export function resourcePath(
  address: ResourceScope & { readonly name?: string | undefined },
  subresource?: 'status',
): string {
  const { group, version, plural, namespace, name } = address;
  const segments = [
    ...(group === '' ? ['api'] : ['apis', checked('group', group)]),
    checked('version', version),
    ...(namespace === undefined ? [] : ['namespaces', checked('namespace', namespace)]),
    checked('plural', plural),
    ...(name === undefined ? [] : [checked('name', name)]),
    ...(subresource === undefined ? [] : [subresource]),
  ];
  return `/${segments.join('/')}`;
}

function checked(what: string, segment: string): string {
  if (SEGMENT.test(segment)) return segment;
  throw new InvalidInputError(
    `${JSON.stringify(segment.slice(0, 100))} cannot be the ${what} of a Kubernetes object`,
    {
      code: 'KUBERNETES_NAME_INVALID',
      hint:
        segment === ''
          ? `The ${what} is empty; under the operator it comes from the BUBU_* variables.`
          : 'Names consist of letters, digits, points and hyphens.',
    },
  );
}
