import { type Direction, PEER_FIELD } from '../model/direction.ts';
import type { Closure, PodEndpoint } from '../model/pod.ts';
import { formatField } from '../model/field-path.ts';
import { describePeer, describePod, describePort, describeTarget } from './describe.ts';
import { nearestMiss } from './nearest.ts';
import type { Packet } from './packet.ts';
import type { Allowance, Exemption, Miss, PortMiss, SideTrace, Trace } from './trace.ts';

const OTHER_END: Readonly<Record<Direction, string>> = { ingress: 'source', egress: 'destination' };

const explainExemption = (exemption: Exemption): string =>
  exemption.kind === 'same-pod'
    ? `always allowed: ${describePod(exemption.pod)} may reach itself`
    : `always allowed: ${exemption.node} is the node of ${describePod(exemption.pod)}`;

const rulePath = (direction: Direction, rule: number): string => formatField(['spec', direction, rule]);

/** Returns the path of the allowance in the policy; a missing list has no entries in it. */
const allowancePath = (direction: Direction, { rule, peer, port }: Allowance): string => {
  const path = rulePath(direction, rule);
  const entries = [
    ...(peer.match.kind === 'any' ? [] : [`${path}.${PEER_FIELD[direction]}[${peer.index}]`]),
    ...(port.match.kind === 'any' ? [] : [`${path}.ports[${port.index}]`]),
  ];
  return entries.join(', ') || path;
};

const explainAllowance = (direction: Direction, by: Allowance): string => {
  const peer = describePeer(by.peer.match);
  const port = describePort(by.port.match);
  const what = direction === 'ingress' ? `from ${peer} to ${port}` : `to ${peer} at ${port}`;
  return `because: policy ${by.policy} allows ${direction} ${what} (${allowancePath(direction, by)})`;
};

const explainPortMiss = ({ kind, entry: { match } }: PortMiss): string =>
  kind === 'undeclared' ? `${describePort(match)}, which the destination does not declare` : describePort(match);

const listed = (all: readonly string[], joint: string): string => {
  const shown = all.slice(0, 4);
  return all.length > shown.length ? `${shown.join(', ')} and ${all.length - shown.length} more` : shown.join(joint);
};

const explainRuleMiss = (direction: Direction, packet: Packet, miss: Extract<Miss, { kind: 'rule' }>): string => {
  const where = `${miss.policy} ${rulePath(direction, miss.rule)}`;
  const ports = listed(miss.portMisses.map(explainPortMiss), ' or ');
  if (miss.peer !== undefined) return `${where} would allow this ${OTHER_END[direction]}, but only ${ports}`;
  const peers = listed(miss.compiled.peers.map(describePeer), ' or ');
  const preposition = PEER_FIELD[direction];
  return miss.portMisses.length === 0
    ? `${where} would allow ${describeTarget(packet)}, but only ${preposition} ${peers}`
    : `${where} allows only ${preposition} ${peers}, only ${ports}`;
};

const explainMiss = (direction: Direction, packet: Packet, miss: Miss): string => {
  switch (miss.kind) {
    case 'rule':
      return explainRuleMiss(direction, packet, miss);
    case 'no-rules':
      return `${miss.policy} has no ${direction} rules`;
    case 'fault': {
      const faults = miss.faults.map(({ field, message }) => `${formatField(field)}: ${message}`);
      return `${miss.policy} cannot be read and so allows nothing (${listed(faults, '; ')})`;
    }
  }
};

const CLOSED: Readonly<Record<Closure, string>> = {
  unknown: 'its sandbox lives but the API server does not know its pod',
  vanished: 'the API server knows the pod no longer, and nothing tells that its sandbox is gone',
};

const explainClosed = (direction: Direction, pod: PodEndpoint): string =>
  `denied: ${direction} of ${describePod(pod)} is closed: ${CLOSED[pod.closed ?? 'unknown']}`;

const explainSide = (side: SideTrace, packet: Packet): string => {
  const { direction, subject } = side;
  switch (side.kind) {
    case 'open': {
      const end = direction === 'egress' ? packet.source : packet.destination;
      return subject === undefined
        ? `open: ${direction} of ${end} is not ruled by policies, it is no pod's address`
        : `open: no policy isolates ${direction} of ${describePod(subject)}`;
    }
    case 'allowed':
      return explainAllowance(direction, side.by);
    case 'denied': {
      if (side.subject.closed !== undefined) return explainClosed(direction, side.subject);
      const nearest = nearestMiss(side.misses);
      const isolated = `denied: ${direction} of ${describePod(side.subject)} is isolated by ${listed(side.policies, ', ')}`;
      return nearest === undefined ? isolated : `${isolated}; nearest: ${explainMiss(direction, packet, nearest)}`;
    }
  }
};

/** Describes the rule that came closest to allowing the packet, and what it lacks; undefined if there is no rule. */
export const explainNearest = (
  { direction, misses }: Extract<SideTrace, { kind: 'denied' }>,
  packet: Packet,
): string | undefined => {
  const nearest = nearestMiss(misses);
  return nearest && explainMiss(direction, packet, nearest);
};

/**
 * Explains a verdict with one sentence per end: what let the packet pass, or what is missing. Denials come first; for a
 * denied packet, an end that lets it pass is omitted.
 */
export const explain = (trace: Trace): readonly string[] => {
  const { exemption, verdict, packet, egress, ingress } = trace;
  if (exemption !== undefined) return [explainExemption(exemption)];
  const sides = [egress, ingress].filter((side) => verdict === 'allow' || side.kind === 'denied');
  return sides.map((side) => explainSide(side, packet));
};
