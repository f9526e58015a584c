/** The removal of a rule from a copy of the sources, and the network whose attacks then succeed. */
export interface TakeOut {
  readonly name: string;
  readonly network: 'routed' | 'bridge';
  /** Families of the cluster; both if absent. */
  readonly families?: 'ipv4' | 'ipv6';
  /** Runs only attacks whose name contains this, including those that take a second or more. */
  readonly only?: string;
  readonly edits: readonly Edit[];
}

export interface Edit {
  readonly file: string;
  /** A text that occurs at least once; all occurrences are replaced. */
  readonly text: string;
  readonly by: string;
}

const BRIDGE_REASONS = ['source', 'mac', 'arp', 'nd', 'ethertype', 'flood', 'address'] as const;

/** Lets frames pass that the bridge table drops for one of these reasons. */
const bridgePasses = (reasons: readonly string[]): Edit => ({
  file: 'src/bridge/rules-text.ts',
  text: '`counter name "n-${reason}" drop`',
  by: `\`counter name "n-\${reason}" \${${JSON.stringify(reasons)}.includes(reason) ? 'accept' : 'drop'}\``,
});

/** Does not judge packets of unknown addresses by port. */
const NO_PORTS: Edit = {
  file: 'src/program/hooks.ts',
  text: '...(ports === undefined ? [] : bridgedRules(ports))',
  by: '...(ports === undefined ? [] : bridgedRules(ports)).slice(9)',
};

const NO_SOURCES: Edit = {
  file: 'src/program/source-check.ts',
  text: '    dropChain(SPOOFED_CHAIN, log,',
  by: '    pass(SPOOFED_CHAIN, log,',
};
const NO_TUNNELS: Edit = {
  file: 'src/program/source-check.ts',
  text: '          dropChain(INJECTED_CHAIN, log,',
  by: '          pass(INJECTED_CHAIN, log,',
};
const PASS: Edit = {
  file: 'src/program/source-check.ts',
  text: 'const dropChain = ',
  by: "const pass = (name: typeof SPOOFED_CHAIN, ..._: unknown[]): Chain => ({ name, rules: [{ matches: [], verdict: { kind: 'return' } }] });\nconst dropChain = ",
};

const ANY_ERROR: Edit = {
  file: 'src/program/icmp.ts',
  text: "verdict: isolates ? { kind: 'goto', chain: ERRORS_CHAIN } : { kind: 'return' }",
  by: "verdict: { kind: 'return' }",
};

/** Accepts related packets first, like established ones. */
const RELATED_LEAVES: Edit = {
  file: 'src/render/rule-text.ts',
  text: "'--ctstate', 'ESTABLISHED'",
  by: "'--ctstate', 'RELATED,ESTABLISHED'",
};

const ANY_HOP_LIMIT: readonly Edit[] = ["{ kind: 'hopLimit', equals: 255 },", "{ kind: 'hopLimit', equals: 1 },"].map(
  (text) => ({
    file: 'src/program/icmp.ts',
    text,
    by: '',
  }),
);

/** Lets some ICMPv6 types pass from any sender to any destination. */
const FREE_TYPES: Edit = {
  file: 'src/program/icmp.ts',
  text: 'const NEIGHBOUR_DISCOVERY: readonly Rule[] = [135, 136]',
  by: 'const NEIGHBOUR_DISCOVERY: readonly Rule[] = [2, 130, 131, 132, 133, 134, 135, 136, 143]',
};

/** Accepts every packet that the kernel calls related, including redirects. */
const ANY_TYPE_OF_ERROR: Edit = {
  file: 'src/program/icmp.ts',
  text: 'ipv4: [3, 11, 12], ipv6: [1, 2, 3, 4]',
  by: 'ipv4: [3, 4, 5, 11, 12], ipv6: [1, 2, 3, 4, 137]',
};

const ANY_MLD_GROUP: Edit = {
  file: 'src/program/icmp.ts',
  text: "{ kind: 'destination', cidr },",
  by: '',
};

const HAIRPIN: Edit = {
  file: 'src/program/dispatch.ts',
  text: "{ matches: ends, verdict: { kind: 'drop' } }",
  by: "{ matches: ends, verdict: { kind: 'return' } }",
};

const NO_INTERFACES: Edit = {
  file: 'src/program/hooks.ts',
  text: '...closeInterfaces(judged.unaddressed ?? { egress: [], ingress: [] })',
  by: '...closeInterfaces({ egress: [], ingress: [] })',
};

const NO_LIFETIME: readonly Edit[] = [
  {
    file: 'src/addresses/weigh-sandboxes.ts',
    text: 'if (newest === undefined || isOfStaticPod(podUid)) return undefined;',
    by: 'if (newest === undefined || podUid.length > 0) return undefined;',
  },
  { file: 'src/cluster/cni/with-sandboxes.ts', text: 'if (isUntold && !knowsNone()) vanished.add(pod);', by: '' },
];

export const TAKE_OUTS: readonly TakeOut[] = [
  ...BRIDGE_REASONS.map(
    (reason): TakeOut => ({ name: `bridge table: ${reason}`, network: 'bridge', edits: [bridgePasses([reason])] }),
  ),
  {
    name: 'bridge table as a whole, and ports in the IP hooks',
    network: 'bridge',
    edits: [bridgePasses(BRIDGE_REASONS), NO_PORTS],
  },
  {
    name: 'bridge table as a whole, and source validation',
    network: 'bridge',
    edits: [bridgePasses(BRIDGE_REASONS), NO_PORTS, PASS, NO_SOURCES],
  },
  {
    name: 'bridge table as a whole, and ICMP by hop limit',
    network: 'bridge',
    edits: [bridgePasses(BRIDGE_REASONS), NO_PORTS, ...ANY_HOP_LIMIT, ANY_MLD_GROUP],
  },
  { name: 'errors by their connection', network: 'routed', edits: [ANY_ERROR] },
  { name: 'what helpers expect is judged', network: 'routed', only: 'helpers/', edits: [RELATED_LEAVES] },
  {
    name: 'errors by their connection and type',
    network: 'bridge',
    only: 'related/',
    edits: [ANY_ERROR, ANY_TYPE_OF_ERROR],
  },
  { name: 'ICMPv6 by hop limit and group', network: 'routed', edits: [...ANY_HOP_LIMIT, ANY_MLD_GROUP] },
  {
    name: 'ICMPv6 by type, hop limit and group',
    network: 'routed',
    only: 'protocols/',
    edits: [FREE_TYPES, ...ANY_HOP_LIMIT, ANY_MLD_GROUP],
  },
  { name: 'hairpin by translation, and source validation', network: 'routed', edits: [HAIRPIN, PASS, NO_SOURCES] },
  { name: 'source validation', network: 'routed', edits: [PASS, NO_SOURCES] },
  { name: 'tunnels', network: 'routed', edits: [PASS, NO_TUNNELS] },
  { name: 'tunnels and source validation', network: 'routed', edits: [PASS, NO_TUNNELS, NO_SOURCES] },
  { name: 'interfaces without an address of the family', network: 'routed', families: 'ipv4', edits: [NO_INTERFACES] },
  {
    name: 'interfaces without an address of the family, and source validation',
    network: 'routed',
    families: 'ipv4',
    edits: [NO_INTERFACES, PASS, NO_SOURCES],
  },
  {
    name: 'bridge table as a whole in a cluster of IPv4 alone',
    network: 'bridge',
    families: 'ipv4',
    edits: [bridgePasses(BRIDGE_REASONS), NO_PORTS, NO_INTERFACES],
  },
  { name: 'sandboxes that outlive their pods', network: 'routed', only: 'lifetime/', edits: NO_LIFETIME },
  {
    name: 'sandboxes that outlive their pods, and the bridge table',
    network: 'bridge',
    only: 'lifetime/',
    edits: [...NO_LIFETIME, bridgePasses(BRIDGE_REASONS), NO_PORTS],
  },
  {
    name: 'everything at once',
    network: 'bridge',
    edits: [
      bridgePasses(BRIDGE_REASONS),
      NO_PORTS,
      NO_INTERFACES,
      ANY_ERROR,
      ...ANY_HOP_LIMIT,
      ANY_MLD_GROUP,
      HAIRPIN,
      PASS,
      NO_SOURCES,
      NO_TUNNELS,
    ],
  },
  {
    name: 'everything at once on routed nodes',
    network: 'routed',
    edits: [NO_INTERFACES, ANY_ERROR, ...ANY_HOP_LIMIT, ANY_MLD_GROUP, HAIRPIN, PASS, NO_SOURCES, NO_TUNNELS],
  },
];
