import { readHostRoutes } from '../kernel/host-routes.ts';
import { readIfThere } from '../kernel/read-if-there.ts';
import type { Clock } from '../model/clock.ts';
import type { PodEndpoint } from '../model/pod.ts';
import { INJECTED_CHAIN, SPOOFED_CHAIN } from '../program/names.ts';
import type { Passed, PortPods } from '../records/port-pods.ts';
import { BRIDGE_PREFIX } from '../records/reason.ts';
import { interfaceNames } from '../render/interface-names.ts';
import type { LoggedPacket } from '../render/netlink/packet-log.ts';

interface SendersParts {
  readonly ports: PortPods;
  /** `spec.nodeName` of the pods that send here. */
  readonly node: string;
  readonly podsAt: (address: string) => readonly PodEndpoint[];
  readonly clock: Pick<Clock, 'now'>;
}

/** Finds the pods that packets came from by the interfaces that they passed, since their sources may be others'. */
export interface Senders {
  /** Reports whether the source of packets with the prefix may be another's. */
  isDoubtful(prefix: string): boolean;
  /** Never rejects. */
  find(packet: LoggedPacket): Promise<Passed>;
}

/** Minimum time between two reads of routes. */
const EVERY_MS = 1000;

export const createSenders = ({ ports, node, podsAt, clock }: SendersParts): Senders => {
  /** The addresses that are routed to each interface, by the kernel's index: of its pod, and those of the node on it. */
  let routed: Promise<ReadonlyMap<number, readonly string[]>> = Promise.resolve(new Map());
  let readAt = Number.NEGATIVE_INFINITY;

  const read = async (): Promise<ReadonlyMap<number, readonly string[]>> => {
    const [{ toAddress }, text] = await Promise.all([readHostRoutes(), readIfThere('/proc/net/dev_mcast')]);
    const routes = Map.groupBy(toAddress, ([, device]) => device);
    return new Map(
      [...interfaceNames(text)].map(([index, name]) => [index, (routes.get(name) ?? []).map(([address]) => address)]),
    );
  };

  const podRoutedTo = async (index: number): Promise<PodEndpoint | undefined> =>
    ((await routed).get(index) ?? []).flatMap((address) => podsAt(address)).find((pod) => pod.node === node);

  const routedTo = async (index: number): Promise<PodEndpoint | undefined> => {
    const known = await podRoutedTo(index);
    if (known !== undefined || clock.now() - readAt < EVERY_MS) return known;
    readAt = clock.now();
    routed = read().catch(() => new Map<number, readonly string[]>());
    return podRoutedTo(index);
  };

  return {
    isDoubtful: (prefix) => prefix === SPOOFED_CHAIN || prefix === INJECTED_CHAIN || prefix.startsWith(BRIDGE_PREFIX),
    async find({ inPort, outPort, inInterface, frame }) {
      const sender = inPort === 0 ? undefined : ports.at(inPort);
      const receiver = outPort === 0 ? undefined : ports.at(outPort);
      if (frame !== undefined || inPort !== 0) return { sender, receiver };
      const pod = await routedTo(inInterface);
      return pod === undefined ? {} : { sender: { pod } };
    },
  };
};
