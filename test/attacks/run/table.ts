import type { Elsewhere } from '../catalogue/elsewhere.ts';
import { NETWORKS } from '../stage/setting.ts';
import type { Attack } from './attack.ts';

const cell = (text: string): string => text.replaceAll('|', '\\|');
const row = (cells: readonly string[]): string => `| ${cells.map(cell).join(' | ')} |`;

const groupOf = (name: string): string => name.split('/')[0] ?? '';

const networksOf = ({ networks }: Attack): string =>
  networks.length === NETWORKS.length ? 'all' : networks.length === 2 ? 'bridges' : networks.join(', ');

const familiesOf = ({ families, foreign }: Attack): string =>
  `${families.map((family) => (family === 'ipv4' ? '4' : '6')).join(', ')}${foreign ? ', not the cluster’s' : ''}`;

const outcomeOf = ({ kind, weak, refused }: Attack): string => {
  if (weak !== undefined) return 'cannot be held';
  if (kind === 'kernel') return 'held by the kernel';
  return refused === undefined ? kind : `${kind}; by the kernel on ${refused.networks.join(', ')}`;
};

const attackRow = (attack: Attack): string =>
  row([
    `\`${attack.name}\``,
    attack.what,
    attack.needs,
    networksOf(attack),
    familiesOf(attack),
    outcomeOf(attack),
    attack.weak?.why ?? attack.by,
  ]);

const elsewhereRow = ({ name, what, outcome, by, test }: Elsewhere): string =>
  row([`\`${name}\``, what, outcome, by, test === undefined ? '–' : `[${test}](../${test})`]);

/** Writes docs/attacks.md from the catalogue. */
export const attackDocument = (attacks: readonly Attack[], elsewhere: readonly Elsewhere[]): string => {
  const groups = [...Map.groupBy(attacks, ({ name }) => groupOf(name))];
  const tables = groups.flatMap(([group, of]) => [
    '',
    `## ${group}`,
    '',
    '| attack | what is sent | needs | networks | family | outcome | kept out by, or why not |',
    '|---|---|---|---|---|---|---|',
    ...of.map(attackRow),
  ]);
  return [
    '# Attacks',
    '',
    `${attacks.length + elsewhere.length} ways around the rules that were tried, and what became of them. This page is written from the`,
    'catalogue in [test/attacks/catalogue](../test/attacks/catalogue) by `npm run attacks -- --table`; a test compares them.',
    '',
    'Each attack is a test: its frames arrive where no agent runs (or the kernel refuses them there too), they do not where one',
    'runs, and the like traffic that is allowed, its twin, does. `npm test` has each of them on some clusters, `npm run attacks`',
    'on routed pods, on bridges with and without CNI results, with IPv4, IPv6 and both, by iptables-nft and iptables-legacy;',
    '[its report](../test/attacks/report/report.md) is kept. `npm run attacks -- --only NAME` runs some, `--checkout DIR` attacks',
    'another build. `npm run attacks:take-out` takes each rule out of a copy of the sources and tells which attacks get through then:',
    'each closed one does, or its test fails ([what it told](../test/attacks/report/take-out.md)).',
    '',
    '*closed*: by a rule that was made against it. *held*: by the rules that judge everything. *Networks*: `bridges` are bridges',
    'with CNI results and without (`bridge-blind`).',
    ...tables,
    '',
    '## Tried elsewhere, or not to be held',
    '',
    '| attack | what is tried | outcome | kept out by, or why not | test |',
    '|---|---|---|---|---|',
    ...elsewhere.map(elsewhereRow),
    '',
    '## What this suite does not try',
    '',
    'The kernel it was written on has no devices for Geneve, GRE, IP in IP, WireGuard, macvlan or IPVS, and no SCTP sockets. Of tunnels',
    'it has VXLAN alone; SCTP is sent as raw packets, as is all else.',
    '',
  ].join('\n');
};
