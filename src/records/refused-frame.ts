import type { PolicyKey } from '../model/policy-object.ts';
import type { LoggedPacket } from '../render/netlink/packet-log.ts';
import type { Edge } from './record.ts';
import type { End } from './end.ts';
import { type Frame, frameProtocol, readFrame } from './frame.ts';
import { addressLike, nameEnd, type Names, podEnd } from './name-end.ts';
import { portNameAt, protocolName } from './packet-words.ts';
import type { Passed, PortPod } from './port-pods.ts';
import { BRIDGE_PREFIX } from './reason.ts';

export interface FrameParts {
  readonly names: Names;
  readonly passed: Passed;
  /** The policies that isolate the pod, in any direction. */
  readonly isolating: (pod: PortPod) => readonly PolicyKey[];
}

const isLinkLocal = (address: string): boolean => /^fe[89ab]/.test(address);

/** The source that the frame says it has, where that is another's. */
const claimIn = (frame: Frame, reason: string, { names, passed: { sender } }: FrameParts): End | undefined => {
  if (reason === 'mac') return { kind: 'link', address: frame.header.source };
  if (reason === 'source') return frame.packet && nameEnd(names, frame.packet.source);
  const claimed = frame.neighbour?.claimed;
  if (claimed === undefined || sender === undefined || isLinkLocal(claimed)) return undefined;
  return sender.pod.ips.includes(claimed) ? undefined : nameEnd(names, claimed);
};

/** The bridge shows the frame to everybody, and the pod at the port is not meant. */
const isForOthers = ({ header, isGroup, neighbour }: Frame, reason: string, { receiver }: Passed): boolean => {
  if (receiver === undefined) return false;
  if (reason === 'flood') return receiver.mac !== header.destination;
  return isGroup && neighbour !== undefined && !receiver.pod.ips.includes(neighbour.target);
};

/** Hosts send it by themselves: no connection was refused. */
const isByItself = ({ isGroup, isHousekeeping, neighbour }: Frame): boolean =>
  isGroup && (isHousekeeping || neighbour !== undefined);

const target = (frame: Frame): string | undefined => frame.neighbour?.target ?? frame.packet?.destination;

const sourceOf = (frame: Frame, isClaim: boolean, { names, passed: { sender } }: FrameParts): End => {
  const address = isClaim ? undefined : (frame.packet?.source ?? frame.neighbour?.claimed);
  if (sender !== undefined) return podEnd(sender.pod, addressLike(sender.pod, target(frame)));
  return address === undefined ? { kind: 'link', address: frame.header.source } : nameEnd(names, address);
};

const destinationOf = (frame: Frame, { names, passed: { receiver } }: FrameParts): End => {
  const address = target(frame);
  const isFor = receiver !== undefined && (frame.isGroup || receiver.mac === frame.header.destination);
  if (isFor) return podEnd(receiver.pod, addressLike(receiver.pod, address));
  return address === undefined ? { kind: 'link', address: frame.header.destination } : nameEnd(names, address);
};

/** Why the rule with the reason drops it, in words. */
const detailOf = (
  frame: Frame,
  reason: string,
  isClaim: boolean,
  { passed: { sender, receiver } }: FrameParts,
): string => {
  const { neighbour, packet } = frame;
  if (isClaim && neighbour !== undefined) return `the ${neighbour.name} claims an address of another`;
  switch (isClaim && reason !== 'mac' ? 'source' : reason) {
    case 'mac':
      return 'the source MAC is not that of the pod at this port';
    case 'source':
      return 'the source address is not that of the pod at this port';
    case 'ethertype':
      return 'an isolated pod sends and receives IP and ARP alone';
    case 'flood':
      return 'the frame is for another address than those of the pod whose port it would leave by';
    case 'address':
      return packet?.family === 'ipv6' && !(receiver ?? sender)?.pod.ips.some((ip) => ip.includes(':'))
        ? 'an isolated pod without an IPv6 address sends and receives no IPv6'
        : `${packet?.destination ?? 'the destination'} is no address of the isolated pod at this port`;
    default:
      return neighbour === undefined
        ? 'an isolated pod neither sends nor receives messages of routers and groups'
        : `an isolated pod may not send or receive this ${neighbour.name} for ${neighbour.target}`;
  }
};

/** What is said of a refused frame, besides where and when. */
export type RefusedFrame = Omit<Edge, 'verdict'>;

/** Returns the edge of a frame that the table of the bridge family dropped; undefined if it was none of a connection. */
export const refusedFrame = (logged: LoggedPacket, parts: FrameParts): RefusedFrame | undefined => {
  if (logged.frame === undefined) return undefined;
  const reason = logged.prefix.slice(BRIDGE_PREFIX.length);
  const frame = readFrame(logged.frame, logged.payload);
  const sentAs = claimIn(frame, reason, parts);
  const isClaim = sentAs !== undefined || reason === 'source';
  const { sender, receiver } = parts.passed;
  if (isForOthers(frame, reason, parts.passed) || (!isClaim && isByItself(frame))) return undefined;
  const isolated = [receiver, sender].map((each) => (each === undefined ? [] : parts.isolating(each)));
  const protocol = frameProtocol(frame, protocolName);
  const port = frame.packet?.ports?.destination ?? 0;
  const destination = destinationOf(frame, parts);
  const portName = portNameAt(parts.names.podsAt(destination.address)[0], protocol, port);
  return {
    reason: isClaim ? 'spoofed source' : 'bridge',
    source: sourceOf(frame, isClaim, parts),
    destination,
    ...(sentAs === undefined ? {} : { sentAs }),
    protocol,
    port,
    ...(portName === undefined ? {} : { portName }),
    policies: isClaim ? [] : (isolated.find(({ length }) => length > 0) ?? []),
    detail: detailOf(frame, reason, isClaim, parts),
  };
};
