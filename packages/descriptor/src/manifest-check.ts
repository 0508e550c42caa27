import { InvalidInputError } from '@engramkit/core';
import type { FunctionAttributes } from './function-attributes.js';
import type { KnativeManifestOptions } from './manifest-options.js';

/** Source: function-descriptor section 5. */
const LABEL_VALUE = /^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$/;
const LABEL_KEY =
  /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const DNS_1035 = /^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_1123 = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
const DNS_1123_SUBDOMAIN = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const VARIABLE = /^[A-Za-z_.-][A-Za-z0-9_.-]*$/;
const SECRET_KEY = /^[-._A-Za-z0-9]{1,253}$/;
const QUANTITY = /^[0-9]+(\.[0-9]+)?(m|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei)?$/;
const LONGEST_LABEL = 63;
/** The most requests per pod that Knative takes by default. */
const MOST_CONCURRENCY = 1000;

/** Refuses what a cluster would refuse; throws `MANIFEST_INVALID` with every problem. */
export function checkManifest(
  attributes: FunctionAttributes,
  image: string,
  namespace: string,
  options: KnativeManifestOptions,
): void {
  const problems: string[] = [];
  const demand = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const { function_id: id, capability_mask: mask } = attributes;
  demand(DNS_1035.test(id), `the name ${shown(id)} is no DNS-1035 label`);
  demand(DNS_1123.test(namespace), `the namespace ${shown(namespace)} is no DNS label`);
  demand(
    image !== '' && image.length <= 1024 && !/[\s\p{Cc}]/u.test(image),
    'the image must be a reference without white space',
  );
  demand(isLabelValue(String(mask)), 'capability_mask is no label value');
  for (const [key, value] of Object.entries(options.labels ?? {})) {
    demand(LABEL_KEY.test(key), `${shown(key)} is no label name`);
    demand(
      isLabelValue(value),
      `the label ${shown(key)} has the value ${shown(value)}, which is none`,
    );
  }
  for (const key of Object.keys(options.annotations ?? {})) {
    demand(LABEL_KEY.test(key), `${shown(key)} is no annotation name`);
  }
  if (options.versionLabel === true) {
    demand(
      isLabelValue(attributes.version.replace('+', '_')),
      `the version ${shown(attributes.version)} is no label value`,
    );
  }
  checkContainer(options, demand);
  if (problems.length === 0) return;
  throw new InvalidInputError(`the manifest would be refused: ${problems.join('; ')}`, {
    code: 'MANIFEST_INVALID',
    details: { problems },
    hint: 'Correct what is named; a cluster takes no manifest with it.',
  });
}

type Demand = (holds: boolean, problem: string) => void;

function checkContainer(options: KnativeManifestOptions, demand: Demand): void {
  const { minScale = 0, maxScale = 10, containerConcurrency: concurrency, port } = options;
  demand(isCount(minScale) && isCount(maxScale), 'minScale and maxScale must be whole numbers');
  demand(maxScale === 0 || minScale <= maxScale, 'minScale must not be above maxScale');
  demand(
    concurrency === undefined || (isCount(concurrency) && concurrency <= MOST_CONCURRENCY),
    `containerConcurrency must be a whole number from 0 to ${MOST_CONCURRENCY}`,
  );
  demand(
    port === undefined || (Number.isInteger(port) && port >= 1 && port <= 65_535),
    'port must be a whole number from 1 to 65535',
  );
  const account = options.serviceAccountName;
  demand(
    account === undefined || DNS_1123_SUBDOMAIN.test(account),
    `the service account ${shown(account ?? '')} is no DNS name`,
  );
  const { env = {}, secretEnv = {} } = options;
  for (const name of [...Object.keys(env), ...Object.keys(secretEnv)]) {
    demand(VARIABLE.test(name), `${shown(name)} is no name of a variable`);
    demand(
      name !== 'GCAP_FUNCTION_ID' && name !== 'GCAP_CAPABILITY_MASK',
      `the variable ${name} is set by the manifest itself`,
    );
  }
  for (const name of Object.keys(secretEnv)) {
    demand(!Object.hasOwn(env, name), `the variable ${shown(name)} is given twice`);
  }
  for (const { secret, key } of Object.values(secretEnv)) {
    demand(DNS_1123_SUBDOMAIN.test(secret), `${shown(secret)} is no name of a Secret`);
    demand(SECRET_KEY.test(key), `${shown(key)} is no key of a Secret`);
  }
  const { requests = {}, limits = {} } = options.resources ?? {};
  for (const [name, quantity] of [...Object.entries(requests), ...Object.entries(limits)]) {
    demand(QUANTITY.test(quantity), `${shown(quantity)} is no quantity of ${shown(name)}`);
  }
}

function isLabelValue(value: string): boolean {
  return value.length <= LONGEST_LABEL && LABEL_VALUE.test(value);
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

function shown(text: string): string {
  return JSON.stringify(text.slice(0, 80));
}
