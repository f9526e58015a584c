import type { IpFamily } from '../../../src/model/family.ts';
import { requireAddress, requireBlock } from './addresses.ts';
import { type FakeHost, type FakeSet, setInUse } from './host.ts';
import { Refusal } from './refusal.ts';

const MAX_SET = 31;
const PORT_MEMBER = /^([^,]+),(?:tcp|udp|sctp):(\d+)$/;
const HELD_MEMBER = /^([^,]+),[a-z0-9]+:(\d+),([^,]+)$/;

type MemberCheck = (member: string, family: IpFamily) => void;

const MEMBER_CHECKS: Readonly<Record<string, MemberCheck>> = {
  'hash:ip': requireAddress,
  // Hash types allow no prefix of 0 (ipset(8)), and the full prefix is printed without its slash.
  'hash:net': (member, family) => {
    if (!member.includes('/')) requireAddress(member, family);
    else if (/\/(?:32|128)$/.test(member) && member.endsWith(family === 'ipv4' ? '/32' : '/128')) {
      throw new Refusal(`${member} would be printed without its prefix`);
    } else requireBlock(member, family, 1);
  },
  'hash:ip,port': (member, family) => {
    const [, address = '', port = ''] = PORT_MEMBER.exec(member) ?? [];
    requireAddress(address, family);
    if (Number(port) < 1 || Number(port) > 65_535) throw new Refusal(`${member} has no port`);
  },
  'hash:ip,port,ip': (member, family) => {
    const [, from = '', port = '', to = ''] = HELD_MEMBER.exec(member) ?? [];
    requireAddress(from, family);
    requireAddress(to, family);
    if (Number(port) > 65_535) throw new Refusal(`${member} has no port`);
  },
};

const existing = (host: FakeHost, name: string | undefined): FakeSet => {
  const set = host.sets.get(name ?? '');
  if (set === undefined) throw new Refusal(`The set with the given name does not exist: ${name ?? ''}`);
  return set;
};

const checkMember = ({ type, family }: FakeSet, member: string): void => {
  MEMBER_CHECKS[type]?.(member, family);
};

const readOptions = (words: readonly string[]): ReadonlyMap<string, string> => {
  const options = new Map<string, string>();
  for (let at = 0; at < words.length; at += 2) {
    const [name = '', value] = words.slice(at, at + 2);
    if (!['family', 'hashsize', 'maxelem', 'timeout'].includes(name) || value === undefined) {
      throw new Refusal(`Unknown argument: \`${name}'`);
    }
    options.set(name, value);
  }
  return options;
};

const size = (text: string | undefined, fallback: number): number => {
  const value = text === undefined ? fallback : Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 0xffff_ffff) throw new Refusal(`bad size ${String(text)}`);
  return value;
};

const create = (host: FakeHost, [name = '', type = '', ...rest]: readonly string[]): void => {
  if (name === '' || name.length > MAX_SET) throw new Refusal(`setname '${name}' is longer than ${MAX_SET} characters`);
  if (!Object.hasOwn(MEMBER_CHECKS, type)) throw new Refusal(`unknown settype ${type}`);
  const options = readOptions(rest);
  const inet = options.get('family') ?? 'inet';
  if (inet !== 'inet' && inet !== 'inet6') throw new Refusal(`unknown family ${inet}`);
  const family: IpFamily = inet === 'inet' ? 'ipv4' : 'ipv6';
  const maxElements = size(options.get('maxelem'), 65_536);
  const hashSize = size(options.get('hashsize'), 1024);
  const timeout = options.get('timeout');
  const known = host.sets.get(name);
  if (known === undefined) {
    host.sets.set(name, { name, type, family, hashSize, maxElements, timeout, members: new Set() });
  } else if (
    known.type !== type ||
    known.family !== family ||
    known.maxElements !== maxElements ||
    known.timeout !== timeout
  ) {
    throw new Refusal(`Set cannot be created: set with the same name already exists: ${name}`);
  }
};

const swap = (host: FakeHost, a: FakeSet, b: FakeSet): void => {
  if (a.type !== b.type || a.family !== b.family)
    throw new Refusal('The sets cannot be swapped: their type does not match.');
  host.sets.set(a.name, { ...b, name: a.name });
  host.sets.set(b.name, { ...a, name: b.name });
};

const COMMANDS: Readonly<Record<string, (host: FakeHost, words: readonly string[]) => void>> = {
  create,
  add(host, [name, member = '', ...more]) {
    const set = existing(host, name);
    if (more.length > 0) throw new Refusal(`Unknown argument: \`${more.join(' ')}'`);
    checkMember(set, member);
    if (!set.members.has(member) && set.members.size >= set.maxElements) {
      throw new Refusal(`Hash is full, cannot add more elements: ${set.name}`);
    }
    set.members.add(member);
  },
  del(host, [name, member = '', ...more]) {
    const set = existing(host, name);
    if (more.length > 0) throw new Refusal(`Unknown argument: \`${more.join(' ')}'`);
    checkMember(set, member);
    set.members.delete(member);
  },
  flush(host, [name]) {
    existing(host, name).members.clear();
  },
  swap(host, [a, b]) {
    swap(host, existing(host, a), existing(host, b));
  },
  destroy(host, [name]) {
    // With -exist, deleting a missing set is fine (ipset 7.17).
    const set = host.sets.get(name ?? '');
    if (set === undefined) return;
    if (setInUse(host, set.name)) throw new Refusal('Set cannot be destroyed: it is in use by a kernel component');
    host.sets.delete(set.name);
  },
};

/** Applies one line of `ipset -exist restore`. @throws Refusal */
export const restoreSetLine = (host: FakeHost, line: string): void => {
  const [verb = '', ...words] = line.split(' ');
  if (!Object.hasOwn(COMMANDS, verb)) throw new Refusal(`Unknown command \`${verb}'`);
  COMMANDS[verb]?.(host, words);
};
