import type { IpFamily } from '../../../src/model/family.ts';
import type { FakeHost, FakeSet, FakeTable } from './host.ts';
import { parseRule } from './parse-rule.ts';
import { Refusal } from './refusal.ts';
import type { FakeRule } from './rule.ts';
import { splitLine } from './split-line.ts';

const MAX_CHAIN = 28;
const DIMENSIONS: Readonly<Record<string, number>> = {
  'hash:ip': 1,
  'hash:net': 1,
  'hash:ip,port': 2,
  'hash:ip,port,ip': 3,
};

interface DraftChain {
  readonly name: string;
  readonly builtin: boolean;
  rules: FakeRule[];
}

type Draft = Map<string, DraftChain>;

const chainOf = (draft: Draft, name: string): DraftChain => {
  const chain = draft.get(name);
  if (chain === undefined) throw new Refusal(`No chain/target/match by that name: ${name}`);
  return chain;
};

const leadsTo = ({ target }: FakeRule): string | undefined =>
  target?.kind === 'jump' || target?.kind === 'goto' ? target.chain : undefined;

const requireSets = ({ matches }: FakeRule, sets: ReadonlyMap<string, FakeSet>, family: IpFamily): void => {
  for (const match of matches) {
    if (match.kind !== 'set') continue;
    const set = sets.get(match.set);
    if (set === undefined) throw new Refusal(`Set ${match.set} doesn't exist.`);
    if (set.family !== family) throw new Refusal(`The protocol family of set ${match.set} is ${set.family}`);
    if (DIMENSIONS[set.type] !== match.fields.length) throw new Refusal(`${match.set} has other dimensions`);
  }
};

const declare = (draft: Draft, name: string): void => {
  if (name.length > MAX_CHAIN) throw new Refusal(`Invalid chain name \`${name}' (29 chars max)`);
  const chain = draft.get(name);
  if (chain === undefined) draft.set(name, { name, builtin: false, rules: [] });
  else if (chain.builtin) throw new Refusal(`a policy for the built-in ${name} is nobody's to change here`);
  else chain.rules = [];
};

const remove = (draft: Draft, name: string): void => {
  const chain = chainOf(draft, name);
  if (chain.builtin || chain.rules.length > 0) throw new Refusal(`CHAIN_DEL failed (Device or resource busy): ${name}`);
  for (const { rules } of draft.values()) {
    if (rules.some((rule) => leadsTo(rule) === name)) throw new Refusal(`CHAIN_DEL failed (referenced): ${name}`);
  }
  draft.delete(name);
};

const carryOut = (draft: Draft, line: string, family: IpFamily, sets: ReadonlyMap<string, FakeSet>): void => {
  if (line.startsWith(':')) {
    const [, name = ''] = /^:(\S+) - \[\d+:\d+\]$/.exec(line) ?? [];
    if (name === '') throw new Refusal(`bad chain line ${line}`);
    declare(draft, name);
    return;
  }
  const [verb, name = '', ...rest] = splitLine(line);
  const body = line.slice(`${verb ?? ''} ${name} `.length);
  const rule = (args: readonly string[], text: string): FakeRule => {
    const read = parseRule(args, text, family);
    requireSets(read, sets, family);
    return read;
  };
  if (verb === '-A') {
    chainOf(draft, name).rules.push(rule(rest, body));
  } else if (verb === '-I') {
    const [place, ...args] = rest;
    if (place !== '1') throw new Refusal(`-I without a place: ${line}`);
    chainOf(draft, name).rules.unshift(rule(args, body.slice('1 '.length)));
  } else if (verb === '-D') {
    const chain = chainOf(draft, name);
    const wanted = rule(rest, body).text;
    const at = chain.rules.findIndex(({ text }) => text === wanted);
    if (at < 0) throw new Refusal('Bad rule (does a matching rule exist in that chain?)');
    chain.rules.splice(at, 1);
  } else if (verb === '-X' && rest.length === 0) {
    remove(draft, name);
  } else {
    throw new Refusal(`unknown command ${line}`);
  }
};

const requireTargets = (draft: Draft): void => {
  for (const { rules } of draft.values()) {
    for (const rule of rules) {
      const target = leadsTo(rule);
      if (target !== undefined && chainOf(draft, target).builtin) throw new Refusal(`a jump to the built-in ${target}`);
    }
  }
};

/** Rejects, like the kernel, rules that could lead a packet in a circle (ELOOP). */
const requireNoLoop = (draft: Draft): void => {
  const done = new Set<string>();
  const visit = (name: string, above: readonly string[]): void => {
    if (above.includes(name)) throw new Refusal(`Too many levels of symbolic links: ${[...above, name].join(' ')}`);
    if (done.has(name)) return;
    for (const rule of chainOf(draft, name).rules) {
      const target = leadsTo(rule);
      if (target !== undefined) visit(target, [...above, name]);
    }
    done.add(name);
  };
  for (const name of draft.keys()) visit(name, []);
};

/** Applies `iptables-restore --noflush`: everything at COMMIT, or nothing. @throws Refusal with the line */
export const restoreTable = (host: FakeHost, family: IpFamily, text: string): void => {
  const lines = text.split('\n');
  const [, table] = /^\*(security|raw)$/.exec(lines[0] ?? '') ?? [];
  if (lines.at(-1) !== '' || lines.at(-2) !== 'COMMIT' || table === undefined) {
    throw new Refusal('restore text is one table, from *security or *raw to COMMIT');
  }
  const tables = table === 'raw' ? host.rawTables : host.tables;
  const draft: Draft = new Map(
    [...tables[family]].map(([name, chain]) => [name, { ...chain, rules: [...chain.rules] }]),
  );
  for (const [at, line] of lines.slice(1, -2).entries()) {
    try {
      carryOut(draft, line, family, host.sets);
    } catch (error) {
      if (error instanceof Refusal) throw new Refusal(`line ${at + 2} failed: ${error.message}`);
      throw error;
    }
  }
  requireTargets(draft);
  requireNoLoop(draft);
  tables[family] = draft satisfies FakeTable;
};
