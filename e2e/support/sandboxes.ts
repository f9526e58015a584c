import type { HammerPlace } from './hammer.ts';
import { onNode } from './node-access.ts';
import type { PodRef } from './objects.ts';

/** The file in which the CNI plugin host-local stores the address of the first family that it assigned last. */
const LAST_RESERVED = '/run/cni-ipam/pods/last_reserved_ip.0';

/** Returns the addresses that follow an address. */
export const successors = (ip: string, count: number): readonly string[] => {
  const at = Math.max(ip.lastIndexOf('.'), ip.lastIndexOf(':')) + 1;
  const base = ip.includes(':') ? 16 : 10;
  const last = Number.parseInt(ip.slice(at), base);
  return Array.from({ length: count }, (_, step) => `${ip.slice(0, at)}${(last + 1 + step).toString(base)}`);
};

/** Returns the addresses of the first family that a node's next pods get. */
export const nextAddresses = async (node: string, count: number): Promise<readonly string[]> => {
  const last = (await (await onNode(node)).run('cat', [LAST_RESERVED])).trim();
  return successors(last, count);
};

interface CniResult {
  readonly cniArgs: readonly (readonly [name: string, value: string])[];
  readonly result: { readonly interfaces: readonly { readonly sandbox?: string }[] };
}

/** Returns the network namespace of a pod, from libcni's result. */
export const placeOf = async (pod: PodRef, node: string): Promise<HammerPlace> => {
  const texts = await (await onNode(node)).run('sh', [
    '-c',
    'for f in /var/lib/cni/results/*-eth0; do cat $f; echo; done',
  ]);
  const results = texts
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as CniResult);
  const own = results.find(({ cniArgs }) => {
    const args = new Map(cniArgs);
    return args.get('K8S_POD_NAMESPACE') === pod.namespace && args.get('K8S_POD_NAME') === pod.name;
  });
  const netns = own?.result.interfaces.find(({ sandbox }) => sandbox)?.sandbox;
  if (netns === undefined) throw new Error(`libcni noted nothing of ${pod.namespace}/${pod.name}`);
  return { node, netns };
};
