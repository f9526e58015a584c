import fc from 'fast-check';
import type { FuzzCluster, RawNamespace } from '../fuzz-cluster.ts';
import { labels, NAMESPACES } from './labels.ts';
import { pods } from './pods.ts';
import { policies } from './policies.ts';

const namespaces: fc.Arbitrary<readonly RawNamespace[]> = fc
  .array(labels, { minLength: NAMESPACES.length, maxLength: NAMESPACES.length })
  .map((all) =>
    NAMESPACES.map((name, at) => ({
      apiVersion: 'v1',
      kind: 'Namespace',
      // The API server sets the label itself (KEP-2161).
      metadata: { name, labels: { ...all[at], 'kubernetes.io/metadata.name': name } },
    })),
  );

/** A small cluster of three nodes in which everything occurs that policy can depend on, including mistakes. */
export const arbitraryCluster: fc.Arbitrary<FuzzCluster> = fc.record(
  { namespaces, pods, policies },
  { noNullPrototype: true },
);
