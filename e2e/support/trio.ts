import { apply } from './kubectl.ts';
import { denyIngress, podObject, type PodRef, policyObject, serviceObject } from './objects.ts';
import { type NodeView, openNamespaces, waitForPods, workers } from './stage.ts';

/** A server that admits its friend and no stranger. */
export interface Trio {
  readonly server: PodRef;
  readonly friend: PodRef;
  readonly stranger: PodRef;
  /** The server's node. */
  readonly near: NodeView;
  /** The node of the other two. */
  readonly far: NodeView;
}

/** Labels that make a pod the server's friend. */
export const FRIENDLY = { role: 'friend' };

/** Creates a trio in a new namespace, with a Service `server`, and waits until it is ready. */
export const openTrio = async (namespace: string): Promise<Trio> => {
  const [near, far] = await workers();
  const server = { namespace, name: 'server' };
  const friend = { namespace, name: 'friend' };
  const stranger = { namespace, name: 'stranger' };
  const labels = { app: 'server' };
  await openNamespaces(namespace);
  await apply(
    podObject({ ...server, labels, node: near.name }),
    podObject({ ...friend, labels: FRIENDLY, node: far.name }),
    podObject({ ...stranger, node: far.name }),
    serviceObject({ namespace, name: 'server', selector: labels }),
    denyIngress(namespace),
    policyObject(namespace, 'friends', {
      podSelector: { matchLabels: labels },
      ingress: [{ from: [{ podSelector: { matchLabels: FRIENDLY } }] }],
    }),
  );
  await waitForPods(namespace);
  return { server, friend, stranger, near, far };
};
