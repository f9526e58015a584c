import { ENFORCED, enforcedPatch, statusPath } from '../cluster/condition/enforced-condition.ts';
import { verdictFor } from '../cluster/condition/reasons.ts';
import type { ApiConnection } from '../cluster/api/connection.ts';
import { readAll } from '../cluster/api/read-all.ts';
import { patch } from '../cluster/api/write.ts';
import { NODE_CONDITION, removeTaint } from '../cluster/cleanup-cluster.ts';
import { asList, asObject, asText, type RawObject } from '../cluster/raw.ts';
import { PODS } from '../cluster/resource.ts';
import type { NodeVerdict } from './judge-node.ts';

/** What the controller writes into the pods of a node whose agent is silent. */
const AGENT_STALE = verdictFor(
  'AgentStale',
  "the node's agent does not report: it is not known which policies are in force",
);

const nodePath = (node: string): string => `/api/v1/nodes/${encodeURIComponent(node)}`;

const second = (wall: string): string => wall.replace(/\.\d+Z$/, 'Z');

/**
 * Writes the condition of a Node, and nothing else of it: conditions merge by type.
 * @param since when its status became what it is; undefined leaves that as it is stored
 */
export const writeNodeCondition = async (
  connection: ApiConnection,
  node: string,
  verdict: NodeVerdict,
  { wall, since, signal }: { readonly wall: string; readonly since: string | undefined; readonly signal: AbortSignal },
): Promise<void> => {
  const condition = {
    type: NODE_CONDITION,
    ...verdict,
    lastHeartbeatTime: second(wall),
    ...(since === undefined ? {} : { lastTransitionTime: second(since) }),
  };
  const body = { status: { conditions: [condition] } };
  await patch(connection, { path: `${nodePath(node)}/status`, body, rights: 'patch on nodes/status', signal });
};

/** Removes the start-up taint of a Node, see removeTaint. */
export const removeStartupTaint = (connection: ApiConnection, node: string, signal: AbortSignal): Promise<void> =>
  removeTaint(connection, nodePath(node), signal);

/** Lists the agent's pods on a node. */
export const listAgentPods = (
  connection: ApiConnection,
  namespace: string,
  node: string,
  signal: AbortSignal,
): Promise<readonly RawObject[]> =>
  readAll(
    connection,
    `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods`,
    {
      labelSelector: 'app.kubernetes.io/name=portcullis,app.kubernetes.io/component=agent',
      fieldSelector: `spec.nodeName=${node}`,
    },
    signal,
  );

/** A pod whose condition says something that nobody vouches for any more. */
export interface ClaimingPod {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

/** Lists the pods of a node that have the condition `portcullis.io/enforced` True or False. */
export const listClaimingPods = async (
  connection: ApiConnection,
  node: string,
  signal: AbortSignal,
): Promise<readonly ClaimingPod[]> => {
  const fieldSelector = `spec.nodeName=${node},${PODS.fieldSelector}`;
  const raws = await readAll(connection, PODS.path, { fieldSelector }, signal);
  return raws.flatMap(({ metadata, status }) => {
    const isClaim = asList(asObject(status)['conditions'])
      .map(asObject)
      .some((each) => each['type'] === ENFORCED && each['status'] !== AGENT_STALE.status);
    const [uid, namespace, name] = ['uid', 'namespace', 'name'].map((field) => asText(asObject(metadata)[field]));
    return !isClaim || uid === undefined || namespace === undefined || name === undefined
      ? []
      : [{ uid, namespace, name }];
  });
};

/** Says of a pod that it is not known which policies are in force. */
export const markPod = async (
  connection: ApiConnection,
  pod: ClaimingPod,
  wall: string,
  signal: AbortSignal,
): Promise<void> => {
  const body = enforcedPatch(pod, AGENT_STALE, wall);
  await patch(connection, { path: statusPath(pod), body, rights: 'patch on pods/status', signal });
};
