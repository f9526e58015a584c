import type { BridgedLink, PodLink } from '../../model/pod-link.ts';
import type { Sandbox } from '../../model/sandbox.ts';
import { onePerFamily } from '../address.ts';
import { asList, asObject, asText, type RawObject } from '../raw.ts';

/** The interface that the kubelet's runtimes give a pod on the cluster's network; further networks have other names. */
export const POD_INTERFACE = 'eth0';

/** libcni's result of an ADD for a pod's interface. */
export interface CniResult extends PodLink {
  /** CNI argument K8S_POD_UID: `metadata.uid` of the pod (of a static pod: the kubelet's, which the API does not know). */
  readonly podUid: string;
  /** CNI arguments K8S_POD_NAMESPACE and K8S_POD_NAME; undefined where one is missing. */
  readonly pod: Sandbox['pod'];
  /** All interfaces of the node that the plugins reported, each once. */
  readonly hostInterfaces: readonly string[];
}

/**
 * Returns a value of `cniArgs`, a list of pairs. Runtimes append their own pairs, so a name may occur twice, with the
 * same value.
 */
const argument = (args: unknown, name: string): string | undefined => {
  const pair = asList(args).find((each) => asList(each)[0] === name);
  return asText(asList(pair)[1]);
};

const withoutPrefix = (address: string): string => address.split('/', 1)[0] ?? '';

/** Reports whether an address is on the interface that its index names; addresses of the node's end are not the pod's. */
const isOn = (interfaces: readonly unknown[], index: unknown, name: string): boolean => {
  const entry = typeof index === 'number' ? interfaces[index] : undefined;
  return entry === undefined || asObject(entry)['name'] === name;
};

/** Reads `ips[].address`, since CNI 0.3.0; before, results had one `ip4.ip` and one `ip6.ip`. */
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
 * Returns the node's interfaces: those without a sandbox (CNI specification, ADD success). A plugin that makes a pair
 * reports its outer end; one that attaches that end to a bridge reports the bridge too.
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

/** Returns the bridge: a plugin that attaches the outer end to a bridge reports it too. */
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
 * @returns undefined unless it is about a pod's interface on the cluster's network
 * @throws SyntaxError for invalid JSON
 */
export const parseCniResult = (text: string): CniResult | undefined => {
  const raw = asObject(JSON.parse(text));
  return raw['kind'] === 'cniCacheV1' ? readCniResult(raw) : undefined;
};

/**
 * Reads a plugin's result: `ifName`, `cniArgs` (a list of pairs) and `result`.
 * @returns undefined unless it is about a pod's interface on the cluster's network
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
