import type { PodEndpoint } from '../model/pod.ts';
import type { Sandbox } from '../model/sandbox.ts';

const areOfOneFamily = (one: string, other: string): boolean => one.includes(':') === other.includes(':');

const byAge = (one: Sandbox, other: Sandbox): number => other.notedAt - one.notedAt;

const sameMembers = (one: readonly string[], other: readonly string[]): boolean =>
  one.length === other.length && one.every((each) => other.includes(each));

/**
 * Returns the pod with the addresses of its newest sandbox. A sandbox is noted before its pod's status tells of it, and its
 * note goes with it: so the note is the fresher word, and what the status says of the same family beside it is doubted.
 *
 * @param living of this pod's sandboxes, those that are not known to be gone
 * @param all its sandboxes: as long as nothing else tells an address, one that is gone does
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
 * Whether a uid is one that the kubelet made up for a static pod, the MD5 digest of its manifest in hexadecimal
 * (kubelet, config.applyDefaults). The API server makes UUIDs, and lets nobody choose them.
 */
const isOfStaticPod = (podUid: string): boolean => /^[0-9a-f]{32}$/.test(podUid);

/**
 * Returns what stands for sandboxes whose pod the API server does not know: a pod that is closed. Undefined where there are
 * none, or where the API server never knows the uid.
 *
 * @param sandboxes of one pod, those that are known to be gone left out
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
 * Whether a sandbox is gone although its note is still there, as after a crash of the runtime: an interface of the node that
 * the note names is not there. A note that names none proves nothing.
 *
 * @param interfaces all of the node's network namespace
 */
export const isGone = ({ hostInterfaces }: Sandbox, interfaces: ReadonlySet<string>): boolean =>
  hostInterfaces.some((name) => !interfaces.has(name));
