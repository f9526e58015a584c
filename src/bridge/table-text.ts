import {
  type BridgeProgram,
  BRIDGE_SETS,
  type BridgeSet,
  DROP_REASONS,
  type Element,
  SET_TYPES,
  TABLE,
} from './bridge-program.ts';
import { chainsText, reportsText } from './rules-text.ts';

/** The ports that answered for a wanted address. Packets fill these sets, so they are no part of the wanted content. */
const CLAIMS = [
  ['claims4', 'type ifname . ether_addr . ipv4_addr'],
  ['claims6', 'type ifname . ether_addr . ipv6_addr'],
] as const;

export const CLAIM_SETS: readonly string[] = CLAIMS.map(([name]) => name);

/** A port of an honest pod adds one element per wanted address; further ones are spoofed, and expire soon. */
const CLAIMS_AT_MOST = 4096;
const CLAIMS_LAST = '30s';

const sorted = (elements: ReadonlySet<Element>): readonly Element[] => [...elements].sort();

const setText = (name: BridgeSet, elements: ReadonlySet<Element>): string =>
  [
    `  set ${name} {`,
    `    ${SET_TYPES[name]}`,
    ...(elements.size === 0 ? [] : [`    elements = { ${sorted(elements).join(', ')} }`]),
    '  }',
    '',
  ].join('\n');

const claimText = ([name, type]: (typeof CLAIMS)[number]): string =>
  `  set ${name} {\n    ${type}\n    size ${CLAIMS_AT_MOST}\n    flags dynamic,timeout\n    timeout ${CLAIMS_LAST}\n  }\n`;

/** Creates the table if it is missing, and deletes it; precedes the text of a new table. */
const GONE = `table bridge ${TABLE} {\n}\ndelete table bridge ${TABLE}\n`;

/** Returns text that replaces the table, whatever its state, in one transaction. */
export const tableText = ({ rules, sets }: BridgeProgram): string =>
  [
    `${GONE}table bridge ${TABLE} {`,
    ...DROP_REASONS.map((reason) => `  counter n-${reason} {\n  }\n`),
    ...BRIDGE_SETS.map((name) => setText(name, sets[name])),
    ...CLAIMS.map(claimText),
    ...reportsText(rules),
    `${chainsText(rules)}}`,
    '',
  ].join('\n');

/** Returns text that removes the table, whether it exists or not. */
export const removalText = (): string => GONE;

const change = (verb: 'add' | 'delete', set: BridgeSet, elements: ReadonlySet<Element>): readonly string[] =>
  elements.size === 0 ? [] : [`${verb} element bridge ${TABLE} ${set} { ${sorted(elements).join(', ')} }\n`];

/**
 * Returns the change from one table to the next in one transaction: changes of elements, or the whole table if the rules
 * differ; empty if nothing differs.
 */
export const changeText = (before: BridgeProgram, after: BridgeProgram): string => {
  if (JSON.stringify(before.rules) !== JSON.stringify(after.rules)) return tableText(after);
  return BRIDGE_SETS.flatMap((name) => [
    ...change('delete', name, before.sets[name].difference(after.sets[name])),
    ...change('add', name, after.sets[name].difference(before.sets[name])),
  ]).join('');
};

/**
 * Returns the table to be in force while iptables changes from the first state to the second: the newest facts with the
 * restrictions of both. Ports that are gone lose their restrictions, so that a port with a reused name does not get them.
 */
export const tightest = (before: BridgeProgram, after: BridgeProgram): BridgeProgram => {
  const stillThere = (name: 'isolated' | 'caged4' | 'caged6' | 'shut4' | 'shut6'): ReadonlySet<Element> =>
    after.sets[name].union(before.sets[name].intersection(after.sets.known));
  return {
    rules: after.rules,
    sets: {
      ...after.sets,
      isolated: stillThere('isolated'),
      caged4: stillThere('caged4'),
      caged6: stillThere('caged6'),
      shut4: stillThere('shut4'),
      shut6: stillThere('shut6'),
      // As an isolated pod it would otherwise lose all IPv6.
      v6: after.sets.v6.union(before.sets.v6.intersection(after.sets.known)),
    },
  };
};
