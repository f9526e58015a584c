import type { LeaseHome } from '../model/lease-home.ts';
import { ApiError } from './api/api-error.ts';
import type { ApiConnection } from './api/connection.ts';
import { readAll, readOne } from './api/read-all.ts';
import { patch, remove } from './api/write.ts';
import { ENFORCED } from './condition/enforced-condition.ts';
import { leaseSelector, leasesPath } from './lease/agent-lease.ts';
import { asList, asObject, asText, type RawObject } from './raw.ts';

/** The condition of a Node that the controller writes. */
export const NODE_CONDITION = 'PortcullisEnforcing';
/** The taint that keeps pods off a node until its agent enforces. */
export const STARTUP_TAINT = 'portcullis.io/agent-not-ready';

/** Numbers of objects from which something was removed. */
export interface ClusterCleanup {
  readonly pods: number;
  readonly nodes: number;
  readonly taints: number;
  readonly leases: number;
}

const hasCondition = ({ status }: RawObject, type: string): boolean =>
  asList(asObject(status)['conditions']).some((each) => asObject(each)['type'] === type);

const textAt = ({ metadata }: RawObject, field: string): string => asText(asObject(metadata)[field]) ?? '';

/** Removes one condition: conditions merge by type. */
const withoutCondition = (type: string, uid: string): object => ({
  metadata: { uid },
  status: { conditions: [{ type, $patch: 'delete' }] },
});

/** An object that is gone, or was made again, needs no cleanup. */
const unlessGone = async (work: Promise<unknown>): Promise<boolean> => {
  try {
    await work;
    return true;
  } catch (error) {
    if (error instanceof ApiError && [404, 409].includes(error.code)) return false;
    throw error;
  }
};

const nodePath = (node: RawObject): string => `/api/v1/nodes/${encodeURIComponent(textAt(node, 'name'))}`;

/** Removes the start-up taint of a Node. @throws ApiError, with code 409 if the Node changed meanwhile */
export const removeTaint = async (connection: ApiConnection, path: string, signal?: AbortSignal): Promise<void> => {
  const { metadata, spec } = asObject(await readOne(connection, path, signal));
  const taints = asList(asObject(spec)['taints']).filter((taint) => asObject(taint)['key'] !== STARTUP_TAINT);
  // Taints are replaced as a whole: the version keeps another program's change.
  const { resourceVersion } = asObject(metadata);
  const body = { metadata: { resourceVersion }, spec: { taints: taints.length === 0 ? null : taints } };
  const rights = 'get and patch on nodes';
  await patch(connection, { path, body, rights, ...(signal === undefined ? {} : { signal }) });
};

const count = async (works: Iterable<() => Promise<unknown>>): Promise<number> => {
  let done = 0;
  for (const work of works) if (await unlessGone(work())) done += 1;
  return done;
};

/**
 * Removes from the API server what agents and the controller wrote there: the conditions of pods and Nodes, the start-up
 * taint, and Leases.
 * @throws what a failing request throws
 */
export const cleanupCluster = async (connection: ApiConnection, home: LeaseHome): Promise<ClusterCleanup> => {
  const leasesAt = leasesPath(home.namespace);
  const [pods, nodes, agents, all] = await Promise.all([
    readAll(connection, '/api/v1/pods'),
    readAll(connection, '/api/v1/nodes'),
    readAll(connection, leasesAt, { labelSelector: leaseSelector(home) }),
    readAll(connection, leasesAt, { fieldSelector: `metadata.name=${home.release}-controller` }),
  ]);
  const podStatus = (pod: RawObject): string =>
    `/api/v1/namespaces/${encodeURIComponent(textAt(pod, 'namespace'))}/pods/${encodeURIComponent(textAt(pod, 'name'))}/status`;
  const isTainted = ({ spec }: RawObject): boolean =>
    asList(asObject(spec)['taints']).some((taint) => asObject(taint)['key'] === STARTUP_TAINT);

  return {
    pods: await count(
      pods
        .filter((pod) => hasCondition(pod, ENFORCED))
        .map(
          (pod) => () =>
            patch(connection, {
              path: podStatus(pod),
              body: withoutCondition(ENFORCED, textAt(pod, 'uid')),
              rights: 'patch on pods/status',
            }),
        ),
    ),
    nodes: await count(
      nodes
        .filter((node) => hasCondition(node, NODE_CONDITION))
        .map(
          (node) => () =>
            patch(connection, {
              path: `${nodePath(node)}/status`,
              body: withoutCondition(NODE_CONDITION, textAt(node, 'uid')),
              rights: 'patch on nodes/status',
            }),
        ),
    ),
    taints: await count(nodes.filter(isTainted).map((node) => () => removeTaint(connection, nodePath(node)))),
    leases: await count(
      [...agents, ...all].map(
        (lease) => () =>
          remove(connection, {
            path: `${leasesAt}/${encodeURIComponent(textAt(lease, 'name'))}`,
            rights: 'delete on leases in coordination.k8s.io',
          }),
      ),
    ),
  };
};
