import { ApiError } from '../api/api-error.ts';
import type { ApiConnection } from '../api/connection.ts';
import { readAll } from '../api/read-all.ts';
import { createIntern } from '../intern.ts';
import { asObject, asText, type RawObject } from '../raw.ts';
import { NAMESPACES, NETWORK_POLICIES, PODS } from '../resource.ts';
import { assemble, type LoadedManifests } from './assemble.ts';
import type { KindUse } from './kinds.ts';
import type { ManifestObject } from './manifest-object.ts';
import type { Place } from './place.ts';

/** A kind to list. */
interface Wanted {
  readonly path: string;
  readonly fieldSelector: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly use: KindUse;
  /** The facts that are unknown without it; undefined if nothing works without it. */
  readonly lacking?: string;
}

const WANTED: readonly Wanted[] = [
  { ...PODS, apiVersion: 'v1', kind: 'Pod', use: 'pod' },
  { ...NAMESPACES, apiVersion: 'v1', kind: 'Namespace', use: 'namespace' },
  { ...NETWORK_POLICIES, apiVersion: 'networking.k8s.io/v1', kind: 'NetworkPolicy', use: 'policy' },
  {
    path: '/api/v1/services',
    fieldSelector: '',
    apiVersion: 'v1',
    kind: 'Service',
    use: 'service',
    lacking: 'names and addresses of Services are not known',
  },
  {
    path: '/apis/discovery.k8s.io/v1/endpointslices',
    fieldSelector: '',
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    use: 'ignored',
    lacking: 'pods behind a Service are derived from its selector',
  },
  {
    path: '/api/v1/nodes',
    fieldSelector: '',
    apiVersion: 'v1',
    kind: 'Node',
    use: 'ignored',
    lacking: 'an address of no pod may still be in the range of pods',
  },
];

const workload = (group: string, resource: string, kind: string): Wanted => ({
  path: `/apis/${group}/v1/${resource}`,
  fieldSelector: '',
  apiVersion: `${group}/v1`,
  kind,
  use: 'workload',
  lacking: 'labels of pods that do not run now are not known',
});

/** Workloads, whose pods may not run now. */
const WORKLOADS: readonly Wanted[] = [
  workload('apps', 'deployments', 'Deployment'),
  workload('apps', 'statefulsets', 'StatefulSet'),
  workload('apps', 'daemonsets', 'DaemonSet'),
  workload('batch', 'cronjobs', 'CronJob'),
  workload('batch', 'jobs', 'Job'),
];

/** The parts of a cluster that not every verb needs. */
export interface ClusterExtent {
  /** Read workloads too, where the user may: one that has no pod stands for the pods that it would make. */
  readonly workloads?: boolean;
}

/** Nothing of an API server stands in a file. */
const PLACE: Place = { file: '<cluster>', line: 1, column: 1 };

const toObject = (raw: RawObject, { apiVersion, kind, use }: Wanted): ManifestObject => {
  const { namespace, name } = asObject(raw['metadata']);
  return {
    apiVersion,
    kind,
    namespace: asText(namespace) ?? '',
    name: asText(name) ?? '',
    use,
    flawed: false,
    raw: { ...raw, apiVersion, kind },
    place: PLACE,
    locate: () => PLACE,
    spanOf: () => undefined,
  };
};

const listAll = async (connection: ApiConnection, wanted: Wanted): Promise<readonly ManifestObject[]> => {
  const { path, fieldSelector } = wanted;
  const raws = await readAll(connection, path, fieldSelector === '' ? {} : { fieldSelector });
  return raws.map((raw) => toObject(raw, wanted));
};

/** A cluster as its API server has it, and what could not be seen of it. */
export interface LoadedCluster {
  readonly loaded: LoadedManifests;
  readonly notes: readonly string[];
}

/**
 * Reads a cluster once, for the verbs that answer a question and end. Pods, namespaces and policies are needed; Services,
 * EndpointSlices and Nodes are read where the user may.
 * @throws what a failing request throws
 */
export const loadCluster = async (
  connection: ApiConnection,
  { workloads = false }: ClusterExtent = {},
): Promise<LoadedCluster> => {
  const notes: string[] = [];
  const contents = await Promise.all(
    [...WANTED, ...(workloads ? WORKLOADS : [])].map(async (wanted) => {
      try {
        return await listAll(connection, wanted);
      } catch (error) {
        if (wanted.lacking === undefined || !(error instanceof ApiError) || error.code !== 403) throw error;
        notes.push(`no right to list ${wanted.path.slice(wanted.path.lastIndexOf('/') + 1)}: ${wanted.lacking}`);
        return [];
      }
    }),
  );
  const files = [{ file: PLACE.file, objects: contents.flat(), problems: [] }];
  return { loaded: assemble(files, 1, createIntern()), notes: notes.sort() };
};
