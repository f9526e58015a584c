import type { PodEndpoint } from '../model/pod.ts';
import type { Sandbox } from '../model/sandbox.ts';

const areOfOneFamily = (one: string, other: string): boolean => one.includes(':') === other.includes(':');

const byAge = (one: Sandbox, other: Sandbox): number => other.notedAt - one.notedAt;

const sameMembers = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each) => other.includes(each));

/**
 * Returns the pod with the addresses of its newest sandbox. A sandbox's result is written before its pod's status has the
 * address, and is deleted with the sandbox. So the result is the newer claim, and the status's other addresses of the same
 * family are doubted.
 *
 * @param living those of the pod's sandboxes that are not known to be gone
 * @param all the pod's sandboxes: one that is gone counts as long as nothing else has an address
 */
export const weighPod = (
  pod: PodEndpoint,
  living: readonly Sandbox[],
  all: readonly Sandbox[] = living,
): PodEndpoint => {
  if (pod.hostNetwork) return pod;
  const [newest, ...older] = living.toSorted(byAge);
  if (newest === undefined) {
    const [last] = all.toSorted(byAge);
    return last === undefined || pod.ips.length > 0 ? pod : { ...pod, ips: last.ips };
  }
  const noted = newest.ips;
  const isContradicted = (ip: string): boolean => !noted.includes(ip) && noted.some((each) => areOfOneFamily(ip, each));
  const told = pod.ips.filter((ip) => !noted.includes(ip) && !isContradicted(ip));
  const doubted = [...pod.ips.filter(isContradicted), ...older.flatMap(({ ips }) => ips)].filter(
    (ip) => !noted.includes(ip) && !told.includes(ip),
  );
  const ips = [...noted, ...told];
  return {
    ...pod,
    ips: sameMembers(ips, pod.ips) ? pod.ips : ips,
    sandbox: { noted, doubted: [...new Set(doubted)], notedAt: newest.notedAt },
  };
};

/**
 * Reports whether the kubelet made up the uid for a static pod: the MD5 digest of its manifest in hexadecimal (kubelet,
 * config.applyDefaults). The API server makes UUIDs, and nobody can choose them.
 */
const isOfStaticPod = (podUid: string): boolean => /^[0-9a-f]{32}$/.test(podUid);

/**
 * Returns a closed pod that stands for sandboxes whose pod the API server does not know; undefined if there are none,
 * or if the API server never knows the uid.
 *
 * @param sandboxes the sandboxes of one pod that are not known to be gone
 */
export const weighUnknown = (podUid: string, sandboxes: readonly Sandbox[], node: string): PodEndpoint | undefined => {
  const [newest] = sandboxes.toSorted(byAge);
  if (newest === undefined || isOfStaticPod(podUid)) return undefined;
  const noted = [...new Set(sandboxes.flatMap(({ ips }) => ips))];
  const { namespace, name } = newest.pod ?? { namespace: '', name: podUid };
  return {
    uid: podUid,
    namespace,
    name,
    node,
    labels: new Map(),
    ips: noted,
    hostIPs: [],
    hostNetwork: false,
    ports: [],
    createdAt: 0,
    sandbox: { noted, doubted: [], notedAt: newest.notedAt },
    closed: 'unknown',
  };
};

/**
 * Reports whether a sandbox is gone although its result still exists, as after a crash of the runtime: an interface of the
 * node in the result is missing. A result without interfaces proves nothing.
 *
 * @param interfaces all interfaces of the node's network namespace
 */
export const isGone = ({ hostInterfaces }: Sandbox, interfaces: ReadonlySet<string>): boolean =>
  hostInterfaces.some((name) => !interfaces.has(name));
