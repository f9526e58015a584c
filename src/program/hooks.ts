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

/** Where packets of pods are met: forwarded ones, and those that IPVS sends out again by way of OUTPUT. */
export const HOOKS: readonly HookJump[] = [
  { hook: 'FORWARD', chain: FORWARD_CHAIN },
  { hook: 'OUTPUT', chain: OUTPUT_CHAIN },
];

const ESTABLISHED: Rule = { matches: [{ kind: 'established' }], verdict: { kind: 'return' } };

/** What of the family is in force, as the chains of the hooks need to know it. */
export interface Judged {
  /** The directions in which some pod is isolated. */
  readonly directions: readonly Direction[];
  /** The sets of the isolated addresses and of what is held closed; undefined where nothing is isolated. */
  readonly sets: { readonly governed: SetName; readonly held: SetName } | undefined;
  /** Closes addresses that no pod is known to have; undefined where nothing is closed, ever. */
  readonly gate?: GateSets | undefined;
  /** Addresses of the node itself, as far as they are known: no router stands between it and its pods. */
  readonly nodeAddresses?: readonly string[];
  /** Interfaces of isolated pods that have no address of the family, by the direction that is isolated. */
  readonly unaddressed?: Readonly<Record<Direction, readonly string[]>>;
  /** The set of the addresses of pods on the node's bridges; undefined where none of these is isolated. */
  readonly ports?: SetName | undefined;
  /** Absent: nobody answers what is refused. */
  readonly answered?: Answered | undefined;
  /** Absent: no records are kept. */
  readonly recorded?: Recorded | undefined;
}

const INTERFACE = { egress: 'inInterface', ingress: 'outInterface' } as const;

/**
 * An isolated pod without an address of the family takes and sends nothing of it: no policy names what it would use. Not
 * even what the interface carries of it by itself is to pass (IPv6 where the cluster has IPv4 alone).
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
 * TCP in the middle that conntrack has forgotten. What a client sends is judged as if it opened the connection, unless it is
 * the server's of one that was cut. Of all else nobody knows who opened it: it may not become a connection of a governed pod
 * by itself, or the reply to a connection that was just cut would open it again, the other way round, and its packets would
 * count as established. The agent is told of it, and makes the entry where policy allows the connection.
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
 * What may not open a connection although policy allows it: TCP in the middle, and for a while what would bring back a
 * connection that was just cut, by a datagram of the server to the client.
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
 * The chains that the hooks jump to: packets of established connections leave first, ICMP takes a way of its own, and all
 * else is judged as egress, then as ingress. A packet that a connection's helper expects (FTP data) is a new connection.
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
