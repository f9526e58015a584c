import type { IpFamily } from '../model/family.ts';
import type { Isolation } from '../policy/node-policy.ts';
import { type AllowContext, anyPeerConditions, type Conditions } from './allow.ts';
import { commentText } from './isolation-chain.ts';
import { type Reports, reportRules, recordRules } from './records.ts';
import { anyPeerChain, PORTS_CHAIN, type SetName } from './names.ts';
import type { Chain, Rule } from './node-program.ts';
import type { SetBuilder } from './set-builder.ts';

/** The ports of the node's bridges whose pods are known. The same object until it changes. */
export interface LocalPorts {
  /** The port of each pod, by `metadata.uid`. */
  readonly portOf: ReadonlyMap<string, string>;
  /** Canonical addresses of the node's pods, of both families. Packets between two of them are judged by address. */
  readonly addresses: readonly string[];
  /** Ports that lead to other machines. */
  readonly uplinks: readonly string[];
}

const SIDE = { egress: 'in', ingress: 'out' } as const;

/** Neighbour discovery is left to the bridge table, which knows the owner of each address. */
const DISCOVERY: Readonly<Record<IpFamily, readonly Rule[]>> = {
  ipv4: [],
  ipv6: [135, 136].map(
    (type): Rule => ({
      matches: [
        { kind: 'icmp', family: 'ipv6', type },
        { kind: 'hopLimit', equals: 255 },
      ],
      verdict: { kind: 'return' },
    }),
  ),
};

/** Judges packets of other machines, whose addresses are not known here, as routed packets. */
const throughUplink = (port: string, known: SetName): readonly Rule[] => [
  {
    matches: [
      { kind: 'bridged', in: port },
      { kind: 'set', set: known, fields: 'dst' },
    ],
    verdict: { kind: 'return' },
  },
  {
    matches: [
      { kind: 'bridged', out: port },
      { kind: 'set', set: known, fields: 'src' },
    ],
    verdict: { kind: 'return' },
  },
];

/** Leads bridged packets with an end that is no pod's address to the chains that judge by port. */
export const bridgedRules = (known: SetName): readonly Rule[] =>
  (['src', 'dst'] as const).map((fields) => ({
    matches: [{ kind: 'bridged' }, { kind: 'set', set: known, fields, negated: true }],
    verdict: { kind: 'jump', chain: PORTS_CHAIN },
  }));

const allowedToAny = ({ rules }: Isolation, context: AllowContext): readonly Conditions[] => {
  try {
    return rules.flatMap((rule) => anyPeerConditions(rule, context));
  } catch {
    // The isolation's own chain reports the fault.
    return [];
  }
};

/**
 * Returns the rules of the isolation that allow every peer, since the peer is not known here. A stray TCP packet may not
 * become a connection.
 */
const anyPeers = (
  { isolation, isClosed }: PortsIsolation,
  context: AllowContext,
  reports: Reports,
): Chain | undefined => {
  const allowed = isClosed ? [] : allowedToAny(isolation, context);
  if (allowed.some((conditions) => conditions.length === 0)) return undefined;
  const { direction, policies, namedPorts } = isolation;
  const name = anyPeerChain(direction, policies, namedPorts);
  return {
    name,
    rules: [
      ...recordRules(reports.recorded, name, [{ kind: 'strayTcp' }]),
      { matches: [{ kind: 'strayTcp' }], verdict: { kind: 'drop' } },
      ...allowed.map((matches): Rule => ({ matches, verdict: { kind: 'return' } })),
      ...reportRules(reports, name),
      {
        matches: [{ kind: 'comment', text: commentText(`${direction}: the other end is no address of a pod`) }],
        verdict: { kind: 'drop' },
      },
    ],
  };
};

/** An isolation, and whether it denies everything although its policies allow something. */
export interface PortsIsolation {
  readonly isolation: Isolation;
  readonly isClosed: boolean;
}

export interface PortsOptions {
  readonly family: IpFamily;
  readonly sets: SetBuilder;
  readonly reports: Reports;
  /** The set of LocalPorts.addresses. */
  readonly known: SetName;
}

/**
 * Returns the chains that judge by port the packets from or to addresses that are no pod's: link-local, multicast, broadcast
 * and spoofed ones. Empty if no port is isolated.
 */
export const portsChains = (
  { portOf, uplinks }: LocalPorts,
  isolations: Iterable<PortsIsolation>,
  { family, sets, reports, known }: PortsOptions,
): readonly Chain[] => {
  const chains: Chain[] = [];
  const jumps: Rule[] = [];
  for (const judged of isolations) {
    const { direction, pods } = judged.isolation;
    const ports = pods.flatMap(({ uid }) => portOf.get(uid) ?? []).sort();
    const chain = ports.length === 0 ? undefined : anyPeers(judged, { direction, family, pods, sets }, reports);
    if (chain === undefined) continue;
    chains.push(chain);
    for (const port of ports) {
      jumps.push({
        matches: [{ kind: 'bridged', [SIDE[direction]]: port }],
        verdict: { kind: 'jump', chain: chain.name },
      });
    }
  }
  if (jumps.length === 0) return [];
  const rules = [...DISCOVERY[family], ...uplinks.flatMap((port) => throughUplink(port, known)), ...jumps];
  return [{ name: PORTS_CHAIN, rules }, ...chains];
};
