import type { BridgedLink, PodLink } from '../../model/pod-link.ts';
import type { Sandbox } from '../../model/sandbox.ts';
import { onePerFamily } from '../address.ts';
import { asList, asObject, asText, type RawObject } from '../raw.ts';

/** The interface that the kubelet's runtimes give a pod on the cluster's network; further networks have other names. */
export const POD_INTERFACE = 'eth0';

/** What libcni notes of an ADD for a pod's interface. */
export interface CniResult extends PodLink {
  /** CNI argument K8S_POD_UID: `metadata.uid` of the pod (of a static pod: the kubelet's, which the API does not know). */
  readonly podUid: string;
  /** CNI arguments K8S_POD_NAMESPACE and K8S_POD_NAME; undefined where one is missing. */
  readonly pod: Sandbox['pod'];
  /** All interfaces of the node that the plugins named, each once. */
  readonly hostInterfaces: readonly string[];
}

/** `cniArgs` is a list of pairs. A name that is there twice has the same value twice (runtimes append their own). */
const argument = (args: unknown, name: string): string | undefined => {
  const pair = asList(args).find((each) => asList(each)[0] === name);
  return asText(asList(pair)[1]);
};

const withoutPrefix = (address: string): string => address.split('/', 1)[0] ?? '';

/** An address says by an index which interface has it; those of the node's side of the link are not the pod's. */
const isOn = (interfaces: readonly unknown[], index: unknown, name: string): boolean => {
  const entry = typeof index === 'number' ? interfaces[index] : undefined;
  return entry === undefined || asObject(entry)['name'] === name;
};

/** `ips[].address` since CNI 0.3.0; before, one `ip4.ip` and one `ip6.ip`. */
const addressesIn = (result: RawObject): readonly string[] => {
  const interfaces = asList(result['interfaces']);
  const listed = asList(result['ips'])
    .map(asObject)
    .filter((ip) => isOn(interfaces, ip['interface'], POD_INTERFACE))
    .map((ip) => asText(ip['address']));
  const old = [result['ip4'], result['ip6']].map((ip) => asText(asObject(ip)['ip']));
  return [...listed, ...old].filter((text) => text !== undefined).map(withoutPrefix);
};

/**
 * Interfaces without a sandbox are the node's (CNI specification, ADD success): a plugin that makes a pair tells its outer
 * end, one that puts that end on a bridge tells the bridge too.
 */
const hostInterfacesIn = (result: RawObject): Pick<CniResult, 'hostInterface' | 'hostInterfaces'> => {
  const ofNode = asList(result['interfaces'])
    .map(asObject)
    .filter(({ sandbox }) => sandbox === undefined || sandbox === '');
  const names = ofNode.map(({ name }) => asText(name)).filter((name) => name !== undefined && name !== '');
  return {
    hostInterface: ofNode.length === 1 ? names[0] : undefined,
    hostInterfaces: [...new Set(names)] as readonly string[],
  };
};

const podIn = (args: unknown): Sandbox['pod'] => {
  const namespace = argument(args, 'K8S_POD_NAMESPACE');
  const name = argument(args, 'K8S_POD_NAME');
  return namespace === undefined || name === undefined ? undefined : { namespace, name };
};

const isText = (text: string | undefined): text is string => text !== undefined && text !== '';

const MAC = /^[0-9a-f]{2}(?::[0-9a-f]{2}){5}$/;

/** A plugin that puts the outer end on a bridge tells the bridge too. */
const bridgedIn = (
  podUid: string,
  interfaces: readonly RawObject[],
  nodeInterfaces: readonly string[],
): BridgedLink | undefined => {
  const pod = interfaces.find(({ name, sandbox }) => name === POD_INTERFACE && isText(asText(sandbox)));
  const mac = asText(pod?.['mac'])?.toLowerCase() ?? '';
  return nodeInterfaces.length > 1 && MAC.test(mac) ? { podUid, nodeInterfaces, mac } : undefined;
};

/**
 * Reads a file of libcni's result cache (libcni, `cniCacheV1`; results of CNI 0.1.0 to 1.1.0).
 * @returns undefined for what is not about the cluster network's interface of a pod
 * @throws SyntaxError for what is no JSON
 */
export const parseCniResult = (text: string): CniResult | undefined => {
  const raw = asObject(JSON.parse(text));
  return raw['kind'] === 'cniCacheV1' ? readCniResult(raw) : undefined;
};

/**
 * Reads what a plugin made: `ifName`, `cniArgs` (a list of pairs) and `result`.
 * @returns undefined for what is not about the cluster network's interface of a pod
 */
export const readCniResult = (raw: RawObject): CniResult | undefined => {
  const podUid = argument(raw['cniArgs'], 'K8S_POD_UID');
  if (raw['ifName'] !== POD_INTERFACE) return undefined;
  if (podUid === undefined || podUid === '') return undefined;
  const result = asObject(raw['result']);
  const ips = onePerFamily(addressesIn(result));
  if (ips.length === 0) return undefined;
  const interfaces = hostInterfacesIn(result);
  const bridged = bridgedIn(podUid, asList(result['interfaces']).map(asObject), interfaces.hostInterfaces);
  return { podUid, pod: podIn(raw['cniArgs']), ips, ...interfaces, ...(bridged === undefined ? {} : { bridged }) };
};
