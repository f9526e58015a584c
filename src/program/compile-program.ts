import type { Direction } from '../model/direction.ts';
import type { IpFamily } from '../model/family.ts';
import { parseAddress } from '../policy/cidr.ts';
import type { NodePolicy } from '../policy/node-policy.ts';
import { type DispatchEntry, dispatchTree } from './dispatch.ts';
import { HOOKS, hookChains } from './hooks.ts';
import { compileIsolation, type DeniedLog } from './isolation-chain.ts';
import type { SetName } from './names.ts';
import type { Chain, FamilyProgram, NodeProgram } from './node-program.ts';
import { addressesOf, createSetBuilder } from './set-builder.ts';

export interface ProgramOptions {
  /** Where to report denied packets; undefined reports none. */
  readonly log?: DeniedLog | undefined;
}

/** Egress is judged before ingress: a packet that may not leave is not counted against its destination. */
const ORDER: readonly Direction[] = ['egress', 'ingress'];

const setsNamedBy = (chains: readonly Chain[]): ReadonlySet<SetName> =>
  new Set(
    chains.flatMap(({ rules }) =>
      rules.flatMap(({ matches }) => matches.flatMap((match) => (match.kind === 'set' ? [match.set] : []))),
    ),
  );

const compileFamily = (policy: NodePolicy, family: IpFamily, { log }: ProgramOptions): FamilyProgram => {
  const sets = createSetBuilder(family);
  const chains: Chain[] = [];
  const entries: Record<Direction, DispatchEntry[]> = { egress: [], ingress: [] };
  const governed: string[] = [];
  for (const isolation of policy.isolations) {
    const addresses = isolation.pods.flatMap((pod) => addressesOf(pod, family));
    if (addresses.length === 0) continue;
    const chain = compileIsolation(isolation, family, sets, log);
    if (chain === undefined) continue;
    chains.push(chain);
    governed.push(...addresses);
    for (const text of addresses) {
      const address = parseAddress(text);
      if (address !== undefined) entries[isolation.direction].push({ address, chain: chain.name });
    }
  }
  const directions = ORDER.filter((direction) => entries[direction].length > 0);
  const all = [
    ...hookChains(family, { directions, governed: governed.length === 0 ? undefined : sets.governed(governed) }),
    ...directions.flatMap((direction) => dispatchTree(direction, entries[direction])),
    ...chains,
  ];
  const named = setsNamedBy(all);
  return {
    chains: new Map(all.map((chain) => [chain.name, chain])),
    sets: new Map([...sets.build()].filter(([name]) => named.has(name))),
    hooks: HOOKS,
  };
};

/** Turns what policies ask of a node into what its kernel has to hold. */
export const compileProgram = (policy: NodePolicy, options: ProgramOptions = {}): NodeProgram => ({
  ipv4: compileFamily(policy, 'ipv4', options),
  ipv6: compileFamily(policy, 'ipv6', options),
});
