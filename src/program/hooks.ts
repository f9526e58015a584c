import type { Direction } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';
import { type Answered, ownAnswers, reportStray } from './answers.ts';
import { bridgedRules } from './bridge-ports.ts';
import { type GateSets, gateRules } from './gate.ts';
import { errorChain, icmpChain } from './icmp.ts';
import {
  DISPATCH_CHAIN,
  FORWARD_CHAIN,
  HELD_CHAIN,
  ICMP_CHAIN,
  JUDGE_CHAIN,
  LAYOUT_CHAIN,
  NO_ADDRESS_CHAIN,
  OUTPUT_CHAIN,
  type SetName,
  STRAY_CHAIN,
  UNKNOWN_CHAIN,
} from './names.ts';
import type { Chain, HookJump, Rule } from './node-program.ts';
import { type Recorded, recordRules, refuse, refusingChains } from './records.ts';

/** The hooks that pods' packets pass: FORWARD, and OUTPUT for those that IPVS sends again. */
export const HOOKS: readonly HookJump[] = [
  { hook: 'FORWARD', chain: FORWARD_CHAIN },
  { hook: 'OUTPUT', chain: OUTPUT_CHAIN },
];

const ESTABLISHED: Rule = { matches: [{ kind: 'established' }], verdict: { kind: 'return' } };

/** The state of a family that the hook chains depend on. */
export interface Judged {
  /** The directions in which at least one pod is isolated. */
  readonly directions: readonly Direction[];
  /** The sets of isolated addresses and of the reopen guard; undefined if no pod is isolated. */
  readonly sets: { readonly governed: SetName; readonly held: SetName } | undefined;
  /** The unknown-address gate; undefined if it never closes anything. */
  readonly gate?: GateSets | undefined;
  /** Known addresses of the node itself: no router is between it and its pods. */
  readonly nodeAddresses?: readonly string[];
  /** Interfaces of isolated pods without an address of the family, by isolated direction. */
  readonly unaddressed?: Readonly<Record<Direction, readonly string[]>>;
  /** The set of the addresses of pods on the node's bridges; undefined if none of them is isolated. */
  readonly ports?: SetName | undefined;
  /** Absent if refused packets are not answered. */
  readonly answered?: Answered | undefined;
  /** Absent: no records are kept. */
  readonly recorded?: Recorded | undefined;
}

const INTERFACE = { egress: 'inInterface', ingress: 'outInterface' } as const;

/**
 * Drops all packets of a family to and from isolated pods without an address of that family, since no policy can name such
 * an address. This includes traffic that an interface starts by itself (IPv6 in a cluster with IPv4 only).
 */
const closeInterfaces = (
  unaddressed: NonNullable<Judged['unaddressed']>,
  recorded: Recorded | undefined,
): readonly Rule[] =>
  (['egress', 'ingress'] as const).flatMap((direction) =>
    unaddressed[direction].map(
      (name): Rule => ({
        matches: [
          { kind: INTERFACE[direction], name },
          { kind: 'comment', text: 'an isolated pod without an address of this family' },
        ],
        verdict: refuse(recorded, NO_ADDRESS_CHAIN),
      }),
    ),
  );

/**
 * Handles stray TCP packets. A client's packet is judged as if it opened the connection, unless it belongs to a server whose
 * connection was cut. For other packets the opener is unknown: they may not become a connection of an isolated pod, or the
 * reply to a connection that was just cut would open it again in reverse, and its packets would count as established. The
 * agent gets a report, and creates the conntrack entry if policy allows the connection.
 */
const strayChain = ({ governed, held }: NonNullable<Judged['sets']>, { answered, recorded }: Judged): Chain => ({
  name: STRAY_CHAIN,
  rules: [
    {
      matches: [{ kind: 'clientPorts' }, { kind: 'set', set: held, fields: 'src,src,dst', negated: true }],
      verdict: { kind: 'return' },
    },
    ...(['src', 'dst'] as const).flatMap((fields): readonly Rule[] => {
      const matches = [{ kind: 'set', set: governed, fields }] as const;
      return [
        ...reportStray(answered, matches, STRAY_CHAIN),
        ...recordRules(recorded, STRAY_CHAIN, matches),
        { matches, verdict: { kind: 'drop' } },
      ];
    }),
  ],
});

/**
 * Drops packets that may not open a connection although policy allows it: stray TCP packets, and for a while the server's
 * datagrams that would restore a connection that was just cut.
 */
const closed = ({ held }: NonNullable<Judged['sets']>, recorded: Recorded | undefined): readonly Rule[] => [
  { matches: [{ kind: 'strayTcp' }], verdict: { kind: 'jump', chain: STRAY_CHAIN } },
  {
    matches: [
      { kind: 'protocol', protocol: 'TCP', negated: true },
      { kind: 'set', set: held, fields: 'src,src,dst' },
    ],
    verdict: refuse(recorded, HELD_CHAIN),
  },
];

/**
 * Returns the chains that the hooks jump to. Packets of established connections leave first, ICMP has a chain of its own,
 * and the rest is judged as egress, then as ingress. A connection that a helper expects (FTP data) counts as new.
 */
export const hookChains = (family: IpFamily, judged: Judged): readonly Chain[] => {
  const { directions, sets, gate, ports, recorded } = judged;
  const unaddressed = judged.unaddressed ?? { egress: [], ingress: [] };
  const judge: readonly Rule[] = [
    ...(gate === undefined ? [] : gateRules(gate, recorded)),
    ...directions.map(
      (direction): Rule => ({
        matches: [],
        verdict: { kind: 'jump', chain: DISPATCH_CHAIN[direction] },
      }),
    ),
  ];
  const isJudged = judge.length > 0;
  const forward: Chain = {
    name: FORWARD_CHAIN,
    rules: [
      ESTABLISHED,
      ...closeInterfaces(unaddressed, recorded),
      ...(ports === undefined ? [] : bridgedRules(ports)),
      ...(sets === undefined ? [] : closed(sets, recorded)),
      ...(isJudged
        ? [{ matches: [{ kind: 'icmp', family }], verdict: { kind: 'goto', chain: ICMP_CHAIN[family] } } satisfies Rule]
        : []),
      ...judge,
    ],
  };
  const output: Chain = {
    name: OUTPUT_CHAIN,
    rules: [
      ESTABLISHED,
      { matches: [{ kind: 'localSource' }], verdict: { kind: 'return' } },
      ...(sets === undefined ? [] : ownAnswers(judged.answered, family)),
      { matches: [], verdict: { kind: 'goto', chain: FORWARD_CHAIN } },
    ],
  };
  return [
    forward,
    output,
    ...(sets === undefined ? [] : [strayChain(sets, judged)]),
    ...(isJudged ? [icmpChain(family, sets !== undefined), { name: JUDGE_CHAIN, rules: judge }] : []),
    ...(sets === undefined
      ? []
      : [errorChain(sets.governed, judged.nodeAddresses ?? [], directions.includes('egress'))]),
    ...refusingChains(recorded, [
      ...(gate === undefined ? [] : [UNKNOWN_CHAIN]),
      ...(sets === undefined ? [] : [HELD_CHAIN]),
      ...(unaddressed.egress.length + unaddressed.ingress.length === 0 ? [] : [NO_ADDRESS_CHAIN]),
    ]),
    { name: LAYOUT_CHAIN, rules: [] },
  ];
};
