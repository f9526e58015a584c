import type { RuleText } from './observed.ts';
import type { Protocol } from '../model/protocol.ts';
import { FIRST_CLIENT_PORT } from '../program/client-ports.ts';
import type { PortRange } from '../model/port-range.ts';
import type { Match, Rule, Verdict, Chain, Hook, HookJump } from '../program/node-program.ts';

/** An argument that restore text cannot express: the format has one rule per line. */
export class UnquotableError extends Error {
  constructor(argument: string) {
    super(`restore text cannot hold ${JSON.stringify(argument)}`);
    this.name = 'UnquotableError';
  }
}

const PLAIN = /^[A-Za-z0-9_.:/,!@%+=-]+$/;

/**
 * Quotes an argument for iptables-restore: in double quotes with `\` before `"` and `\` where needed. This is the only place
 * that escapes.
 * @throws UnquotableError for control characters, which cannot be escaped
 */
export const quoteArgument = (argument: string): string => {
  if (PLAIN.test(argument)) return argument;
  if (/\p{Cc}/u.test(argument)) throw new UnquotableError(argument);
  return `"${argument.replaceAll(/["\\]/g, '\\$&')}"`;
};

/** Splits a line of iptables-save into its arguments: white space outside of double quotes separates, `\` escapes. */
export const splitArguments = (line: string): readonly string[] => {
  const found: string[] = [];
  for (const [, quoted, plain] of line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)) {
    found.push(quoted === undefined ? (plain ?? '') : quoted.replaceAll(/\\(.)/g, '$1'));
  }
  return found;
};

/** Returns the canonical text of a rule's arguments. */
export const ruleText = (args: readonly string[]): RuleText => args.map(quoteArgument).join(' ');

/** A rule as the arguments of `iptables -A CHAIN …`, in the order and format of iptables-save. */
type RuleArguments = readonly string[];

type Of<Kind extends Match['kind']> = Extract<Match, { kind: Kind }>;

const not = (negated: true | undefined): readonly string[] => (negated === true ? ['!'] : []);

const protocolArgument = (protocol: Protocol): string => protocol.toLowerCase();

const portText = ({ from, to }: PortRange): string => (from === to ? `${from}` : `${from}:${to}`);

const portArguments = ({ protocol, ranges }: Of<'ports'>): readonly string[] =>
  ranges.length === 1
    ? ['-m', protocolArgument(protocol), '--dport', ...ranges.map(portText)]
    : ['-m', 'multiport', '--dports', ranges.map(portText).join(',')];

/** The names that iptables-extensions(8) has for each family's ICMP. */
const ICMP = {
  ipv4: { protocol: 'icmp', module: 'icmp', option: '--icmp-type' },
  ipv6: { protocol: 'ipv6-icmp', module: 'icmp6', option: '--icmpv6-type' },
} as const;

/** Of a table of edges: by default the kernel derives both from the machine's memory. */
const EDGE_BUCKETS = 16_384;
const MOST_EDGES = 65_536;

/** The client is the source of the first packet, the server the source of the answers. */
const CONNECTION_END = { client: '--ctorigsrc', server: '--ctreplsrc' } as const;

const MATCH_ARGUMENTS: { readonly [Kind in Match['kind']]: (match: Of<Kind>) => readonly string[] } = {
  source: ({ cidr, negated }) => [...not(negated), '-s', cidr],
  destination: ({ cidr, negated }) => [...not(negated), '-d', cidr],
  protocol: ({ protocol, negated }) => [...not(negated), '-p', protocolArgument(protocol)],
  ports: (match) => ['-p', protocolArgument(match.protocol), ...portArguments(match)],
  set: ({ set, fields, negated }) => ['-m', 'set', ...not(negated), '--match-set', set, fields],
  established: () => ['-m', 'conntrack', '--ctstate', 'ESTABLISHED'],
  related: () => ['-m', 'conntrack', '--ctstate', 'RELATED'],
  noEndOfConnection: ({ address }) => [
    ...['-m', 'conntrack', '!', '--ctorigsrc', address],
    ...['!', '--ctreplsrc', address],
  ],
  endOfConnection: ({ end, address }) => ['-m', 'conntrack', CONNECTION_END[end], address],
  translatedToItself: ({ address }) => [
    ...['-m', 'conntrack', '--ctorigsrc', address],
    ...['!', '--ctorigdst', address, '--ctreplsrc', address],
  ],
  strayTcp: ({ isUnclear }) => [
    ...['-p', 'tcp', '-m', 'tcp', '!', '--tcp-flags', 'FIN,SYN,RST,ACK', 'SYN'],
    ...['-m', 'conntrack', '--ctstate', isUnclear === true ? 'INVALID,NEW' : 'NEW'],
  ],
  openingTcp: () => ['-p', 'tcp', '-m', 'tcp', '--tcp-flags', 'FIN,SYN,RST,ACK', 'SYN'],
  tcpInquiry: () => ['-p', 'tcp', '-m', 'tcp', '--tcp-flags', 'FIN,SYN,RST,ACK', 'SYN,ACK'],
  tcpReset: () => ['-p', 'tcp', '-m', 'tcp', '--tcp-flags', 'RST', 'RST'],
  clientPorts: () => [
    ...['-p', 'tcp', '-m', 'tcp', '--sport', `${FIRST_CLIENT_PORT}:65535`],
    ...['--dport', `1:${FIRST_CLIENT_PORT - 1}`],
  ],
  icmp: ({ family, type, code }) => [
    ...['-p', ICMP[family].protocol],
    ...(type === undefined
      ? []
      : ['-m', ICMP[family].module, ICMP[family].option, code === undefined ? `${type}` : `${type}/${code}`]),
  ],
  ofSocket: () => ['-m', 'owner', '--socket-exists'],
  hopLimit: ({ equals }) => ['-m', 'hl', '--hl-eq', `${equals}`],
  localSource: () => ['-m', 'addrtype', '--src-type', 'LOCAL'],
  localDestination: () => ['-m', 'addrtype', '--dst-type', 'LOCAL'],
  tunnelProtocol: ({ protocol }) => ['-p', protocol],
  inInterface: ({ name }) => ['-i', name],
  outInterface: ({ name }) => ['-o', name],
  bridged: (ports) => [
    ...['-m', 'physdev'],
    ...(ports.in === undefined ? [] : ['--physdev-in', ports.in]),
    ...(ports.out === undefined ? [] : ['--physdev-out', ports.out]),
    '--physdev-is-bridged',
  ],
  unroutedSource: () => ['-m', 'rpfilter', '--invert'],
  comment: ({ text }) => ['-m', 'comment', '--comment', text],
  limit: ({ perSecond, burst }) => ['-m', 'limit', '--limit', `${perSecond}/sec`, '--limit-burst', `${burst}`],
  rate: ({ name, perSecond, burst, bySource, byEdge }) => [
    ...['-m', 'hashlimit', '--hashlimit-upto', `${perSecond}/sec`, '--hashlimit-burst', `${burst}`],
    ...(bySource === true ? ['--hashlimit-mode', 'srcip'] : []),
    ...(byEdge === true ? ['--hashlimit-mode', 'srcip,dstip,dstport'] : []),
    ...['--hashlimit-name', name],
    ...(byEdge === true
      ? ['--hashlimit-htable-size', `${EDGE_BUCKETS}`, '--hashlimit-htable-max', `${MOST_EDGES}`]
      : []),
  ],
};

/** The order of iptables-save: addresses, interface, protocol, then the other matches as they were given. */
const RANK: Readonly<Record<Match['kind'], number>> = {
  source: 0,
  destination: 1,
  inInterface: 2,
  outInterface: 2,
  protocol: 3,
  ports: 3,
  strayTcp: 3,
  openingTcp: 3,
  tcpReset: 3,
  tcpInquiry: 3,
  clientPorts: 3,
  icmp: 3,
  tunnelProtocol: 3,
  set: 4,
  established: 4,
  related: 4,
  noEndOfConnection: 4,
  endOfConnection: 4,
  translatedToItself: 4,
  hopLimit: 4,
  localSource: 4,
  localDestination: 4,
  bridged: 4,
  unroutedSource: 4,
  comment: 4,
  limit: 4,
  ofSocket: 4,
  rate: 4,
};

const matchArguments = <Kind extends Match['kind']>(match: Of<Kind>): readonly string[] => {
  const spell = MATCH_ARGUMENTS[match.kind] as (match: Of<Kind>) => readonly string[];
  return spell(match);
};

type VerdictOf<Kind extends Verdict['kind']> = Extract<Verdict, { kind: Kind }>;

const VERDICT_ARGUMENTS: { readonly [Kind in Verdict['kind']]: (verdict: VerdictOf<Kind>) => readonly string[] } = {
  return: () => ['-j', 'RETURN'],
  drop: () => ['-j', 'DROP'],
  jump: ({ chain }) => ['-j', chain],
  goto: ({ chain }) => ['-g', chain],
  // Group 0 is the default, and is not printed.
  log: ({ group, prefix }) => [
    ...['-j', 'NFLOG', '--nflog-prefix', prefix],
    ...(group === 0 ? [] : ['--nflog-group', `${group}`]),
  ],
};

const verdictArguments = <Kind extends Verdict['kind']>(verdict: VerdictOf<Kind>): readonly string[] => {
  const spell = VERDICT_ARGUMENTS[verdict.kind] as (verdict: VerdictOf<Kind>) => readonly string[];
  return spell(verdict);
};

/** Returns the rule's arguments without `-A CHAIN`. */
export const ruleArguments = ({ matches, verdict }: Rule): RuleArguments => [
  ...matches.toSorted((a, b) => RANK[a.kind] - RANK[b.kind]).flatMap((match) => matchArguments(match)),
  ...verdictArguments(verdict),
];

const rendered = new WeakMap<Rule, RuleText>();

const ruleLine = (rule: Rule): RuleText => {
  const known = rendered.get(rule);
  if (known !== undefined) return known;
  const text = ruleText(ruleArguments(rule));
  rendered.set(rule, text);
  return text;
};

/** Returns the chain's rules in the format of iptables-save. */
export const chainRules = ({ rules }: Chain): readonly RuleText[] => rules.map(ruleLine);

/** Returns the rules after the first `count`. */
export const rulesBehind = ({ rules }: Chain, count: number): readonly RuleText[] => rules.slice(count).map(ruleLine);

/** Returns the text of the hook's jump without `-A HOOK`. */
export const hookRule = ({ chain }: HookJump<Hook>): RuleText =>
  ruleText(ruleArguments({ matches: [], verdict: { kind: 'jump', chain } }));
