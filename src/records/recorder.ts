import type { Direction } from '../model/direction.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import type { LoggedPacket } from '../render/netlink/packet-log.ts';
import { type ReadPacket, readPacket } from '../render/packets/read-packet.ts';
import type { Packet } from '../trace/packet.ts';
import { addressLike, nameEnd, type Names, podEnd } from './name-end.ts';
import { asPolicySees, portNameAt, protocolName } from './packet-words.ts';
import { BRIDGE_PREFIX, refusalOf, type Reason, type Refusal } from './reason.ts';
import type { Passed, PortPod } from './port-pods.ts';
import type { FlowRecord } from './record.ts';
import { refusedFrame } from './refused-frame.ts';
import { createWhyFinder, type Nearest, ownLabels, type Why, type WhyFinder } from './why.ts';

export interface RecorderOptions {
  readonly node: string;
  readonly names: Names;
  /** Returns the policy in force. */
  readonly policy: () => NodePolicy;
  /** ms since the epoch */
  readonly now: () => number;
}

/** Makes records of refused packets. */
export interface Recorder {
  /**
   * @param passed by the interfaces of the packet, where its source may be another's
   * @returns undefined for what cannot be read: a later fragment, what is none of ours, or a frame that opens nothing
   */
  record(logged: LoggedPacket, passed?: Passed): FlowRecord | undefined;
  /** The policies that the chain stands for, as far as that is known; see WhyFinder.isolationOf. */
  readonly isolationOf: WhyFinder['isolationOf'];
}

/** Reasons remembered, each of one edge. */
const MOST_REMEMBERED = 20_000;
/** Maximum number of edges a second whose nearest rule is determined; the others have only the policies that refused them. */
const LOOKED_AT_PER_SECOND = 1000;

/** What is wrong with packets that no rule of a policy judges. */
const DETAILS: Readonly<Partial<Record<Reason, string>>> = {
  closed: 'the pod is closed: the API server does not know it any more',
  gate: 'no known pod has this address',
  'reopen guard': 'policy has cut this connection, which may not open again by itself',
  'stray TCP': 'it is in the middle of a connection that the kernel does not track',
  'no address': 'the isolated pod has no address of this IP family',
  'spoofed source': 'the node does not route the source address to where the packet came from',
  tunnel: 'only nodes speak to the ends of tunnels',
  bridge: 'the other end is no address of a pod on the bridge',
};

export const createRecorder = ({ node, names, policy, now }: RecorderOptions): Recorder => {
  let finder: WhyFinder | undefined;
  let finderOf: NodePolicy | undefined;
  const reasons = new Map<string, Why>();
  let second = 0;
  let lookedAt = 0;

  const finderNow = (): WhyFinder => {
    const current = policy();
    if (finder === undefined || finderOf !== current) {
      finder = createWhyFinder(current);
      finderOf = current;
      reasons.clear();
    }
    return finder;
  };

  const mayLook = (): boolean => {
    const current = Math.floor(now() / 1000);
    if (current !== second) {
      second = current;
      lookedAt = 0;
    }
    lookedAt += 1;
    return lookedAt <= LOOKED_AT_PER_SECOND;
  };

  /** Adds the labels of the pod at the other end, where the rule does not mean that pod. */
  const withLabels = ({ policies, rule, lacksPeer }: Nearest, direction: Direction, packet: Packet): Why => {
    const [pod] = names.podsAt(direction === 'ingress' ? packet.source : packet.destination);
    const why = { policies, ...(rule === undefined ? {} : { rule }) };
    return rule === undefined || pod === undefined || !lacksPeer
      ? why
      : { ...why, farLabels: ownLabels(pod.labels, rule) };
  };

  const whyOf = (prefix: string, direction: Direction, packet: Packet): Why => {
    const found = finderNow();
    const key = `${prefix} ${packet.source} ${packet.destination} ${packet.protocol} ${packet.port}`;
    const known = reasons.get(key);
    if (known !== undefined) return known;
    const policies = found.isolationOf(prefix)?.policies ?? [];
    if (!mayLook()) return { policies };
    const nearest = found.nearest(direction, packet);
    const why: Why =
      nearest === undefined
        ? { policies, rule: 'the newest policies allow it' }
        : withLabels(nearest, direction, packet);
    if (reasons.size >= MOST_REMEMBERED) reasons.clear();
    reasons.set(key, why);
    return why;
  };

  const serviceOf = ({ askedFor }: LoggedPacket, { destination }: ReadPacket): string | undefined => {
    if (askedFor === undefined || askedFor.address === destination) return undefined;
    const { address, port } = askedFor;
    const host = address.includes(':') ? `[${address}]` : address;
    return port === 0 ? address : `${host}:${port}`;
  };

  const refine = ({ reason, direction }: Refusal, why: Why | undefined): Refusal =>
    reason === 'policy' && why?.policies.length === 0 ? { reason: 'closed', direction } : { reason, direction };

  const isolating = ({ pod: { uid } }: PortPod): readonly PolicyKey[] => {
    const found = policy().isolations.filter(({ pods }) => pods.some((pod) => pod.uid === uid));
    return [...new Set(found.flatMap(({ policies }) => policies))].sort();
  };

  const recordFrame = (logged: LoggedPacket, passed: Passed): FlowRecord | undefined => {
    const edge = refusedFrame(logged, { names, passed, isolating });
    return edge && { at: new Date(now()).toISOString(), node, verdict: 'denied', ...edge };
  };

  /** The source, and what the packet says it is, where that is not the sender's. */
  const sourceOf = (address: string, { sender }: Passed): Pick<FlowRecord, 'source' | 'sentAs'> => {
    const named = nameEnd(names, address);
    if (sender === undefined || sender.pod.ips.includes(address)) return { source: named };
    return { source: podEnd(sender.pod, addressLike(sender.pod, address)), sentAs: named };
  };

  return {
    isolationOf: (chain) => finderNow().isolationOf(chain),
    record(logged, passed = {}) {
      if (logged.prefix.startsWith(BRIDGE_PREFIX)) return recordFrame(logged, passed);
      const refusal = refusalOf(logged.prefix);
      const packet = readPacket(logged.payload);
      if (refusal === undefined || packet === undefined) return undefined;
      const { source, destination } = packet;
      const protocol = protocolName(packet.protocol);
      const port = packet.ports?.destination ?? 0;
      const why =
        refusal.direction === undefined
          ? undefined
          : whyOf(logged.prefix, refusal.direction, asPolicySees(source, destination, protocol, port));
      const { reason, direction } = refine(refusal, why);
      const service = serviceOf(logged, packet);
      const portName = portNameAt(names.podsAt(destination)[0], protocol, port);
      return {
        at: new Date(now()).toISOString(),
        node,
        verdict: 'denied',
        ...(direction === undefined ? {} : { direction }),
        reason,
        ...sourceOf(source, passed),
        destination: nameEnd(names, destination),
        ...(service === undefined ? {} : { service }),
        protocol,
        port,
        ...(portName === undefined ? {} : { portName }),
        policies: why?.policies ?? [],
        ...(why?.rule === undefined ? {} : { rule: why.rule }),
        ...(why?.farLabels === undefined ? {} : { farLabels: why.farLabels }),
        ...(DETAILS[reason] === undefined ? {} : { detail: DETAILS[reason] }),
      };
    },
  };
};
