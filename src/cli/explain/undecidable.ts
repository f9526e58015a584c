import type { LoadedManifests } from '../../cluster/manifest/assemble.ts';
import { asList, asObject, asText, isRawObject } from '../../cluster/raw.ts';
import type { PodEndpoint } from '../../model/pod.ts';
import { covers, parseAddress, parseCidr } from '../../policy/cidr.ts';
import { describePod } from '../../trace/describe.ts';
import type { Endpoint } from '../resolve/resolve.ts';

/** Says why nothing can be said of a pod of the cluster's API server; undefined where something can. */
const pendingWhy = ({ podOrigins, snapshot }: LoadedManifests, pod: PodEndpoint): string | undefined => {
  const status = podOrigins.get(pod.uid)?.object.raw['status'];
  // A manifest that was never applied has no status: its pod gets a placeholder address.
  const phase = isRawObject(status) ? asText(status['phase']) : undefined;
  if (phase === undefined || (snapshot.pods.get(pod.uid)?.ips.length ?? 0) > 0) return undefined;
  return `${describePod(pod)} has no address yet (phase ${phase}): its packets do not exist, and rules by address cannot be judged`;
};

/** Says why policies do not decide about a pod on the host network. */
export const hostNetworkWhy = (pod: PodEndpoint): string => {
  const [address] = pod.hostIPs;
  const ask = address === undefined ? '' : `; ask about that address, such as ${address}`;
  return `${describePod(pod)} is on the host network: no policy selects it, and its packets bear an address of its node${ask}`;
};

interface Range {
  readonly node: string;
  readonly cidr: string;
}

/** `spec.podCIDRs` of the input's Nodes. */
const podRanges = ({ ignored }: LoadedManifests): readonly Range[] =>
  ignored
    .filter(({ kind, apiVersion }) => kind === 'Node' && apiVersion === 'v1')
    .flatMap(({ name, raw }) => {
      const { podCIDR, podCIDRs } = asObject(raw['spec']);
      return [...new Set([podCIDR, ...asList(podCIDRs)])].flatMap((cidr) => {
        const text = asText(cidr);
        return text === undefined ? [] : [{ node: name, cidr: text }];
      });
    });

/** Blocks whose packets no rule of a node forwards (RFC 6890). */
const NOWHERE = ['127.0.0.0/8', '0.0.0.0/8', '224.0.0.0/4', '::1/128', '::/128', 'ff00::/8'];

const liesIn = (address: string, block: string): boolean => {
  const [cidr, outer] = [parseAddress(address), parseCidr(block)];
  return cidr !== undefined && outer !== undefined && covers(outer, cidr);
};

const addressWhy = (loaded: LoadedManifests, pods: readonly PodEndpoint[], address: string): string | undefined => {
  if (NOWHERE.some((block) => liesIn(address, block))) {
    return `${address} is a loopback, multicast or unspecified address: its packets reach no policy`;
  }
  if (pods.some(({ ips, hostIPs }) => ips.includes(address) || hostIPs.includes(address))) return undefined;
  const range = podRanges(loaded).find(({ cidr }) => liesIn(address, cidr));
  if (range === undefined) return undefined;
  return `${address} is in the pod range ${range.cidr} of node ${range.node}, and no pod has it: whose it will be is not known`;
};

/**
 * Says why nothing can be said of an end; undefined where something can.
 * @param pods all that have addresses, placeholders among them
 */
export const whyUndecided = (
  loaded: LoadedManifests,
  pods: readonly PodEndpoint[],
  endpoint: Endpoint,
): string | undefined => {
  switch (endpoint.kind) {
    case 'pods': {
      const reasons = endpoint.pods.map((pod) => pendingWhy(loaded, pod));
      // Of a workload with some pods that run, these answer for the others.
      return reasons.every((reason) => reason !== undefined) ? reasons[0] : undefined;
    }
    case 'service':
      return endpoint.backends.ips.size === 0 ? `${endpoint.backends.name} has no pod behind it` : undefined;
    case 'address':
      return addressWhy(loaded, pods, endpoint.address);
    case 'outside':
      return undefined;
  }
};
