import { ENFORCED } from '../condition/enforced-condition.ts';
import type { Field, FieldType, Message } from './message.ts';

/**
 * The fields of Kubernetes' messages that are read, with the numbers of k8s.io/api/core/v1 and k8s.io/apimachinery
 * generated.proto, which never change. A field that trim-pod.ts reads must be named here.
 */

const one = (name: string, type: FieldType): Field => ({ name, type });
const many = (name: string, type: FieldType): Field => ({ name, type, repeated: true });

const OBJECT_META: Message = {
  fields: {
    1: one('name', 'text'),
    3: one('namespace', 'text'),
    5: one('uid', 'text'),
    6: one('resourceVersion', 'text'),
    8: one('creationTimestamp', 'time'),
    9: one('deletionTimestamp', 'time'),
    11: one('labels', 'labels'),
    13: many('ownerReferences', {
      fields: { 1: one('kind', 'text'), 3: one('name', 'text'), 6: one('controller', 'flag') },
    }),
  },
};

const CONTAINER: Message = {
  fields: {
    6: many('ports', {
      fields: { 1: one('name', 'text'), 3: one('containerPort', 'integer'), 4: one('protocol', 'text') },
    }),
    24: one('restartPolicy', 'text'),
  },
};

const ADDRESS: Message = { fields: { 1: one('ip', 'text') } };

export const POD: Message = {
  fields: {
    1: one('metadata', OBJECT_META),
    2: one('spec', {
      fields: {
        2: many('containers', CONTAINER),
        10: one('nodeName', 'text'),
        11: one('hostNetwork', 'flag'),
        20: many('initContainers', CONTAINER),
        28: { ...many('readinessGates', { fields: { 1: one('conditionType', 'text') } }), only: ENFORCED },
      },
    }),
    3: one('status', {
      fields: {
        1: one('phase', 'text'),
        2: {
          ...many('conditions', {
            fields: { 1: one('type', 'text'), 2: one('status', 'text'), 5: one('reason', 'text') },
          }),
          only: ENFORCED,
        },
        5: one('hostIP', 'text'),
        6: one('podIP', 'text'),
        12: many('podIPs', ADDRESS),
        16: many('hostIPs', ADDRESS),
      },
    }),
  },
};

/** metav1.ListMeta, field 1 of every list. */
export const LIST_META: Message = { fields: { 2: one('resourceVersion', 'text'), 3: one('continue', 'text') } };

/** metav1.Status: an error. */
export const STATUS: Message = {
  fields: {
    3: one('message', 'text'),
    5: one('details', { fields: { 5: one('retryAfterSeconds', 'integer') } }),
    6: one('code', 'integer'),
  },
};
