import { describe, expect, test } from '@jest/globals';
import { useOfKind } from '../../../src/cluster/manifest/kinds.ts';

describe('useOfKind', () => {
  test.each([
    ['v1', 'Pod', 'pod'],
    ['v1', 'Namespace', 'namespace'],
    ['v1', 'Service', 'service'],
    ['networking.k8s.io/v1', 'NetworkPolicy', 'policy'],
    ['apps/v1', 'Deployment', 'workload'],
    ['batch/v1', 'CronJob', 'workload'],
    ['v1', 'ConfigMap', 'ignored'],
    ['rbac.authorization.k8s.io/v1', 'ClusterRole', 'ignored'],
    ['apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'ignored'],
    ['argoproj.io/v1alpha1', 'Application', 'ignored'],
    ['crd.projectcalico.org/v1', 'NetworkPolicy', 'ignored'],
    ['gateway.networking.k8s.io/v1', 'HTTPRoute', 'ignored'],
    ['policy.networking.k8s.io/v1alpha2', 'ClusterNetworkPolicy', 'ignored'],
    ['kustomize.config.k8s.io/v1beta1', 'Kustomization', 'ignored'],
    ['snapshot.storage.k8s.io/v1', 'VolumeSnapshot', 'ignored'],
  ])('useOfKind returns the use of %s %s: %s', (apiVersion, kind, use) => {
    expect(useOfKind(apiVersion, kind)).toEqual({ use });
  });

  test.each([
    ['v1', 'NetworkPolicy', 'NetworkPolicy has apiVersion networking.k8s.io/v1, not "v1"'],
    [
      'extensions/v1beta1',
      'NetworkPolicy',
      'NetworkPolicy has apiVersion networking.k8s.io/v1, not "extensions/v1beta1"',
    ],
    ['networking.k8s.io/v1', 'NetworkPolicey', 'unknown kind "NetworkPolicey"'],
    ['networking.k8s.io/v1', 'networkpolicy', 'unknown kind "networkpolicy"; is NetworkPolicy meant?'],
    ['v1', 'Pods', 'unknown kind "Pods"'],
  ])('useOfKind reports %s %s as a mistake', (apiVersion, kind, mistake) => {
    expect(useOfKind(apiVersion, kind)).toEqual({ mistake });
  });
});
