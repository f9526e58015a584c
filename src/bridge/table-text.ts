import {
  type BridgeProgram,
  BRIDGE_SETS,
  type BridgeSet,
  DROP_REASONS,
  type Element,
  SET_TYPES,
  TABLE,
} from './bridge-program.ts';
import { chainsText } from './rules-text.ts';

/** Who answered for a wanted address: filled by packets, and never part of what has to be there. */
const CLAIMS = [
  ['claims4', 'type ifname . ether_addr . ipv4_addr'],
  ['claims6', 'type ifname . ether_addr . ipv6_addr'],
] as const;

export const CLAIM_SETS: readonly string[] = CLAIMS.map(([name]) => name);

/** A pod's port makes at most one of each address that is wanted; more are lies, and forgotten soon. */
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

/** Makes the table, whether it is there or not, and deletes it: in front of a table that is to be made anew. */
const GONE = `table bridge ${TABLE} {\n}\ndelete table bridge ${TABLE}\n`;

/** What puts the table there, in one transaction, whatever was there of it before. */
export const tableText = ({ rules, sets }: BridgeProgram): string =>
  [
    `${GONE}table bridge ${TABLE} {`,
    ...DROP_REASONS.map((reason) => `  counter n-${reason} {\n  }\n`),
    ...BRIDGE_SETS.map((name) => setText(name, sets[name])),
    ...CLAIMS.map(claimText),
    `${chainsText(rules)}}`,
    '',
  ].join('\n');

/** What removes the table, whether it is there or not. */
export const removalText = (): string => GONE;

const change = (verb: 'add' | 'delete', set: BridgeSet, elements: ReadonlySet<Element>): readonly string[] =>
  elements.size === 0 ? [] : [`${verb} element bridge ${TABLE} ${set} { ${sorted(elements).join(', ')} }\n`];

/**
 * What leads from one program to the next, in one transaction: changes of elements, or the whole table where the rules are
 * others; empty where they are the same.
 */
export const changeText = (before: BridgeProgram, after: BridgeProgram): string => {
  if (JSON.stringify(before.rules) !== JSON.stringify(after.rules)) return tableText(after);
  return BRIDGE_SETS.flatMap((name) => [
    ...change('delete', name, before.sets[name].difference(after.sets[name])),
    ...change('add', name, after.sets[name].difference(before.sets[name])),
  ]).join('');
};

/**
 * What is in force while iptables changes from the first to the second: the newest facts, and the restrictions of both.
 * Ports that are gone are not restricted any more, so that one that bears the name of another is not taken for it.
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
      // It would take or send no IPv6 at all as one that is isolated.
      v6: after.sets.v6.union(before.sets.v6.intersection(after.sets.known)),
    },
  };
};
