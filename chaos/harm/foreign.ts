import type { Random } from '../random.ts';
import type { Post, Stage } from '../stage/stage.ts';
import { type Harm, NO_TAMPERING } from './harm.ts';

/**
 * State of other programs on a node, which agents must not have to read. It comes with one step and goes with a later one. Agents of
 * the stage lack an extension of iptables and know no set of these revisions (see stage.ts), so some of it cannot be printed.
 */
interface Foreign {
  readonly name: string;
  readonly only?: 'nft' | 'legacy';
  /** Lines of a shell; `ipt` is iptables of the backend, with the node's lock. */
  readonly lay: readonly string[];
  readonly lift: readonly string[];
  /** Agents' ipset fails at each listing of all sets as long as it is there. */
  readonly unknownRevision?: true;
}

/** The extension that agents lack. */
const UNREADABLE = '-m statistic --mode random --probability 0.01';
/** An expression that iptables has no word for; nothing is dropped by it. */
const NATIVE = 'numgen random mod 10 lt 2 counter';

/** A chain of another program with rules, and jumps to it in both families. */
const chains = (table: string, hook: string, at: '-A' | '-I', rule = '-m comment --comment theirs'): Foreign => {
  const isUnreadable = rule === UNREADABLE;
  const chain = `${isUnreadable ? 'UNREAD' : 'THEIR'}-${table}-${hook}`;
  const each = (lines: (ipt: string) => readonly string[]): readonly string[] => ['ipt', 'ipt6'].flatMap(lines);
  return {
    name: `chains in ${table} ${hook}${at === '-I' ? ', first' : ''}${isUnreadable ? ', unreadable' : ''}`,
    lay: each((ipt) => [
      `${ipt} -t ${table} -N ${chain}`,
      `${ipt} -t ${table} -A ${chain} ${rule} -j RETURN`,
      `${ipt} -t ${table} ${at} ${hook} -j ${chain}`,
    ]),
    lift: each((ipt) => [
      `${ipt} -t ${table} -D ${hook} -j ${chain}`,
      `${ipt} -t ${table} -F ${chain}`,
      `${ipt} -t ${table} -X ${chain}`,
    ]),
  };
};

const HOOKS = [
  ['raw', 'PREROUTING'],
  ['mangle', 'FORWARD'],
  ['nat', 'POSTROUTING'],
  ['filter', 'FORWARD'],
  ['filter', 'OUTPUT'],
  ['security', 'FORWARD'],
  ['security', 'INPUT'],
] as const;

/** A native rule is found again by its comment. */
const nativeRule = (family: 'ip' | 'ip6', table: string, hook: string): Foreign => {
  const comment = `native-${family}-${table}`;
  const ipt = family === 'ip' ? 'ipt' : 'ipt6';
  return {
    name: `native rule in ${family} ${table} ${hook}`,
    only: 'nft',
    lay: [
      // A rule for a moment: the tool makes table and chain for it.
      `${ipt} -t ${table} -A ${hook} -m comment --comment made`,
      `${ipt} -t ${table} -D ${hook} -m comment --comment made`,
      `nft 'add rule ${family} ${table} ${hook} ${NATIVE} comment "${comment}"'`,
    ],
    lift: [
      `nft -a list chain ${family} ${table} ${hook} | sed -n 's/.*${comment}.*# handle //p' | while read -r handle; do nft delete rule ${family} ${table} ${hook} handle "$handle"; done`,
    ],
  };
};

const nftTable = (name: string, table: string, ...content: readonly string[]): Foreign => ({
  name,
  only: 'nft',
  lay: [`nft 'add table ${table}'`, ...content.map((line) => `nft '${line}'`)],
  lift: [`nft delete table ${table}`],
});

const set = (name: string, spec: string, member: string, more: Partial<Foreign> = {}): Foreign => ({
  name: `set of ${spec}`,
  lay: [`ipset create ${name} ${spec}`, `ipset add ${name} ${member}`],
  lift: [`ipset destroy ${name}`],
  ...more,
});

export const FOREIGN_THINGS: readonly Foreign[] = [
  ...HOOKS.map(([table, hook]) => chains(table, hook, '-A')),
  // At the head of the chain that policy is judged in they take our place, which is tampering: there they come last.
  ...HOOKS.map(([table, hook]) => chains(table, hook, table === 'security' ? '-A' : '-I', UNREADABLE)),
  nativeRule('ip', 'filter', 'FORWARD'),
  nativeRule('ip6', 'filter', 'FORWARD'),
  nativeRule('ip', 'mangle', 'FORWARD'),
  nativeRule('ip6', 'raw', 'PREROUTING'),
  nativeRule('ip', 'security', 'FORWARD'),
  nativeRule('ip6', 'security', 'FORWARD'),
  nftTable(
    'firewall of nftables',
    'inet their_firewall',
    'add chain inet their_firewall forward { type filter hook forward priority 10; policy accept; }',
    'add set inet their_firewall some { type ipv4_addr; flags interval; elements = { 192.0.2.0/24 }; }',
    'add map inet their_firewall verdicts { type inet_service : verdict; elements = { 6000 : drop }; }',
    'add rule inet their_firewall forward ip saddr @some tcp dport vmap @verdicts',
    'add rule inet their_firewall forward ct state established,related accept',
  ),
  nftTable(
    'base chain in ip security',
    'ip their_security',
    'add chain ip their_security forward { type filter hook forward priority 50; policy accept; }',
    'add rule ip their_security forward meta mark 7 counter',
  ),
  nftTable(
    'chain at the ingress of a device',
    'netdev their_ingress',
    'add chain netdev their_ingress in { type filter hook ingress device eth0 priority 0; }',
    'add rule netdev their_ingress in ip saddr 192.0.2.1 drop',
  ),
  set('their-addresses', 'hash:ip comment counters timeout 600', '192.0.2.1'),
  set('their-nets', 'hash:net family inet6', '2001:db8::/32'),
  set('their-interfaces', 'hash:net,iface', '192.0.2.0/24,eth0'),
  set('their-ports', 'bitmap:port range 1-100', '7'),
  set('their-newer', 'hash:ip,port skbinfo', '192.0.2.1,tcp:80', { unknownRevision: true }),
  set('portcullis', 'hash:net', '192.0.2.0/24'),
  {
    name: 'many members',
    lay: [
      "{ echo create their-many hash:ip maxelem 100000; seq 0 19999 | awk '{ print \"add their-many 11.0.\" int($1 / 256) \".\" $1 % 256 }'; } | ipset restore",
    ],
    lift: ['ipset destroy their-many'],
  },
];

/** Per node, what is there. */
const present = new WeakMap<Post, Set<Foreign>>();

const presentOn = (post: Post): Set<Foreign> => {
  const there = present.get(post) ?? new Set<Foreign>();
  present.set(post, there);
  return there;
};

const shell = async (stage: Stage, { node }: Post, lines: readonly string[]): Promise<void> => {
  const functions = [
    `ipt() { iptables-${stage.backend} -w 20 "$@"; }`,
    `ipt6() { ip6tables-${stage.backend} -w 20 "$@"; }`,
  ];
  await node.runner.run('sh', ['-ec', [...functions, ...lines].join('\n')]);
};

const lift = async (stage: Stage, post: Post, thing: Foreign): Promise<void> => {
  const there = presentOn(post);
  there.delete(thing);
  // A tampering that flushed or deleted all chains has taken some of it already.
  for (const line of thing.lift) await shell(stage, post, [line]).catch(() => undefined);
  await post.shims.knowRevisions([...there].every(({ unknownRevision }) => unknownRevision === undefined));
};

const lay = async (stage: Stage, post: Post, thing: Foreign): Promise<void> => {
  // What an earlier tampering left of it goes first.
  await lift(stage, post, thing);
  presentOn(post).add(thing);
  if (thing.unknownRevision === true) await post.shims.knowRevisions(false);
  await shell(stage, post, thing.lay);
};

const comesOrGoes = (thing: Foreign): Harm => ({
  name: `others: ${thing.name}`,
  kind: 'foreign',
  weight: 1,
  ...(thing.only !== undefined && { only: thing.only }),
  async strike(stage: Stage, random: Random) {
    const post = random.pick(stage.posts);
    await (presentOn(post).has(thing) ? lift : lay)(stage, post, thing);
    return { ...NO_TAMPERING, heal: () => Promise.resolve() };
  },
});

export const FOREIGN: readonly Harm[] = FOREIGN_THINGS.map(comesOrGoes);

/** Takes away all that is there, on all nodes. */
export const liftAll = async (stage: Stage): Promise<void> => {
  for (const post of stage.posts) {
    for (const thing of presentOn(post)) await lift(stage, post, thing);
  }
};
