import type { JsonObject } from '@engramkit/core';
import { labelSafeValue, storyTriggerName } from '@engramkit/ids';
import type { Identity } from '../env/identity.js';
import { type DeliveryIdentity, inputHash } from './delivery-identity.js';
import { STORY_TRIGGERS } from './resources.js';

/** What a StoryTrigger is made of. */
export interface StoryTriggerParts {
  /** Where the object goes: the namespace of the client. */
  readonly namespace: string;
  readonly story: { readonly name: string; readonly namespace?: string | undefined };
  /** As they are submitted: after offloading. */
  readonly inputs: JsonObject;
  readonly delivery: DeliveryIdentity;
  /** Stands for the key where there is none. */
  readonly submissionId: string;
  readonly identity: Pick<
    Identity,
    'impulseName' | 'impulseNamespace' | 'stepRunName' | 'stepName' | 'storyRunName'
  >;
}

/** The object that asks for a StoryRun; its name is a hash that the webhook computes as well. Source: bobrapet-batch section 9.3. */
export function storyTrigger(parts: StoryTriggerParts): JsonObject {
  const { namespace, story, inputs, delivery, identity } = parts;
  const { key, mode } = delivery;
  const submissionId = key === '' ? parts.submissionId : key;
  const name = storyTriggerName({
    storyNamespace: story.namespace ?? namespace,
    storyName: story.name,
    identity: submissionId,
  });
  const { impulseName, impulseNamespace } = identity;
  return {
    apiVersion: `${STORY_TRIGGERS.group}/${STORY_TRIGGERS.version}`,
    kind: 'StoryTrigger',
    metadata: { name, namespace, ...lineageOf(identity) },
    spec: {
      storyRef: {
        name: story.name,
        ...(story.namespace === undefined ? {} : { namespace: story.namespace }),
      },
      ...(impulseName === ''
        ? {}
        : {
            impulseRef: {
              name: impulseName,
              ...(impulseNamespace === '' ? {} : { namespace: impulseNamespace }),
            },
          }),
      inputs,
      deliveryIdentity: {
        mode,
        ...(key === '' ? {} : { key, inputHash: inputHash(inputs) }),
        submissionId,
      },
    },
  };
}

/** Which step started it, when a step did. */
function lineageOf(identity: StoryTriggerParts['identity']): JsonObject {
  const { storyRunName, stepName, stepRunName } = identity;
  if (stepRunName === '') return {};
  return {
    labels: {
      'bubustack.io/parent-storyrun': labelSafeValue(storyRunName),
      'bubustack.io/parent-step': labelSafeValue(stepName),
      'bubustack.io/steprun': labelSafeValue(stepRunName),
    },
    annotations: {
      'bubustack.io/parent-storyrun': storyRunName,
      'bubustack.io/parent-step': stepName,
      'bubustack.io/parent-steprun': stepRunName,
    },
  };
}
