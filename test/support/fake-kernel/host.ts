import { IP_FAMILIES, type IpFamily } from '../../../src/model/family.ts';
import type { FakeRule } from './rule.ts';

/** A set in the fake. */
export interface FakeSet {
  readonly name: string;
  readonly type: string;
  readonly family: IpFamily;
  readonly hashSize: number;
  readonly maxElements: number;
  /** Timeout of members in seconds, if they expire; no time passes here. */
  readonly timeout: string | undefined;
  readonly members: Set<string>;
}

export interface FakeChain {
  readonly name: string;
  readonly builtin: boolean;
  readonly rules: readonly FakeRule[];
}

/** A table of one family: chains by name. */
export type FakeTable = ReadonlyMap<string, FakeChain>;

/** A moment at which the fake can fail, and at which its state can be read. */
export type FakeStep =
  | { readonly kind: 'ipset save' }
  | { readonly kind: 'ipset line'; readonly line: string }
  | { readonly kind: 'iptables save'; readonly family: IpFamily }
  | { readonly kind: 'iptables restore'; readonly family: IpFamily; readonly text: string };

/** A node's packet filter in memory. */
export interface FakeHost {
  readonly sets: Map<string, FakeSet>;
  /** The security tables. */
  readonly tables: Record<IpFamily, FakeTable>;
  readonly rawTables: Record<IpFamily, FakeTable>;
  /** Called before each step; a returned text is the reason why the step fails and changes nothing. */
  failure: (step: FakeStep) => string | undefined;
  /** Called after each step that was done. */
  afterStep: (step: FakeStep) => void;
}

const BUILTIN_CHAINS = ['INPUT', 'FORWARD', 'OUTPUT'];

const RAW_CHAINS = ['PREROUTING', 'OUTPUT'];

const freshTable = (chains: readonly string[]): FakeTable =>
  new Map(chains.map((name) => [name, { name, builtin: true, rules: [] }]));

export const createFakeHost = (): FakeHost => ({
  sets: new Map(),
  tables: { ipv4: freshTable(BUILTIN_CHAINS), ipv6: freshTable(BUILTIN_CHAINS) },
  rawTables: { ipv4: freshTable(RAW_CHAINS), ipv6: freshTable(RAW_CHAINS) },
  failure: () => undefined,
  afterStep: () => undefined,
});

/** Reports whether a rule of any family uses the set. */
export const setInUse = (host: FakeHost, set: string): boolean =>
  IP_FAMILIES.some((family) =>
    [...host.tables[family].values()].some(({ rules }) =>
      rules.some(({ matches }) => matches.some((match) => match.kind === 'set' && match.set === set)),
    ),
  );
