import { createIntern } from '../../src/cluster/intern.ts';
import { NAMESPACES, NETWORK_POLICIES, PODS, type Resource } from '../../src/cluster/resource.ts';
import type { NamespaceEntry } from '../../src/model/namespace.ts';
import type { PodEndpoint } from '../../src/model/pod.ts';
import type { PolicyKey, PolicyObject } from '../../src/model/policy-object.ts';
import { benchNamespaces, benchPods, benchPolicies, type PlacedPod } from '../state/cluster.ts';
import type { Size } from '../state/size.ts';

/** A cluster in the form that a source holds. */
export interface World {
  readonly pods: Map<string, PodEndpoint>;
  readonly namespaces: Map<string, NamespaceEntry>;
  readonly policies: Map<PolicyKey, PolicyObject>;
}

const NODE_ADDRESS = '172.18.0.2';

const nameOf = ({ pod: { metadata } }: PlacedPod): string => `${metadata.namespace}/${metadata.name}`;

/** Compares pods in an API server's order of lists: by namespace and name. */
const asListed = (one: PlacedPod, other: PlacedPod): number => (nameOf(one) < nameOf(other) ? -1 : 1);

/** The objects of the state, trimmed as the agent's sources trim them. */
export const createWorld = (size: Size): World => {
  const intern = createIntern();
  const take = <K extends string, T>(
    { keyOf, trim }: Resource<K, T>,
    into: Map<K, T>,
    raw: object,
    neighbour?: T,
  ): T | undefined => {
    // Strings of its own, as from the API server.
    const parsed = JSON.parse(JSON.stringify(raw)) as Record<string, unknown>;
    const key = keyOf(parsed);
    const object = trim(parsed, intern, neighbour);
    if (key !== undefined && object !== undefined) into.set(key, object);
    return object;
  };
  const world: World = { pods: new Map(), namespaces: new Map(), policies: new Map() };
  for (const each of benchNamespaces(size)) take(NAMESPACES, world.namespaces, each);
  let neighbour: PodEndpoint | undefined;
  for (const { pod, status } of [...benchPods(size, NODE_ADDRESS)].sort(asListed)) {
    neighbour = take(PODS, world.pods, { ...pod, status }, neighbour);
  }
  for (const each of benchPolicies(size)) take(NETWORK_POLICIES, world.policies, each);
  return world;
};
