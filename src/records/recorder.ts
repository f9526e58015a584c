import type { Direction } from '../model/direction.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import type { LoggedPacket } from '../render/netlink/packet-log.ts';
import { type ReadPacket, readPacket } from '../render/packets/read-packet.ts';
import type { Packet } from '../trace/packet.ts';
import { nameEnd, type Names } from './name-end.ts';
import { asPolicySees, portNameAt, protocolName } from './packet-words.ts';
import { refusalOf, type Refusal } from './reason.ts';
import type { FlowRecord } from './record.ts';
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
  /** @returns undefined for what cannot be read: a later fragment, or what is none of ours */
  record(logged: LoggedPacket): FlowRecord | undefined;
  /** The policies that the chain stands for, as far as that is known; see WhyFinder.isolationOf. */
  readonly isolationOf: WhyFinder['isolationOf'];
}

/** Reasons remembered, each of one edge. */
const MOST_REMEMBERED = 20_000;
/** Maximum number of edges a second whose nearest rule is determined; the others have only the policies that refused them. */
const LOOKED_AT_PER_SECOND = 1000;

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

  return {
    isolationOf: (chain) => finderNow().isolationOf(chain),
    record(logged) {
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
        source: nameEnd(names, source),
        destination: nameEnd(names, destination),
        ...(service === undefined ? {} : { service }),
        protocol,
        port,
        ...(portName === undefined ? {} : { portName }),
        policies: why?.policies ?? [],
        ...(why?.rule === undefined ? {} : { rule: why.rule }),
        ...(why?.farLabels === undefined ? {} : { farLabels: why.farLabels }),
      };
    },
  };
};
