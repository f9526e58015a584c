import type { IpFamily } from '../../model/family.ts';
import { familyOf } from '../../policy/cidr.ts';
import type { Isolation } from '../../policy/node-policy.ts';
import { byText } from '../../policy/text-order.ts';
import { type LocalPorts, portsChains, type PortsIsolation } from '../bridge-ports.ts';
import type { Reports } from '../records.ts';
import type { SetName } from '../names.ts';
import type { Chain } from '../node-program.ts';
import type { FamilySets } from './family-sets.ts';

/** The chains of one family that judge by bridge port, kept up to date. */
export interface FamilyPorts {
  /**
   * @param isolations the changed isolations, by key
   * @param isClosed reports whether an isolation denies everything although its policies allow something
   * @returns the current chains; undefined if nothing can have changed
   */
  update(
    isolations: Iterable<readonly [string, Isolation | undefined]>,
    ports: LocalPorts | undefined,
    isClosed: (key: string) => boolean,
  ): readonly Chain[] | undefined;
  /** Returns the set that the hook's rules name; undefined if there is no chain to lead to. */
  known(): SetName | undefined;
}

/** @param reports asked at each update, the same from the first one on */
export const createFamilyPorts = (family: IpFamily, sets: FamilySets, reports: () => Reports): FamilyPorts => {
  const all = new Map<string, Isolation>();
  let before: LocalPorts | undefined;
  let chains: readonly Chain[] = [];
  let used: readonly SetName[] = [];
  let set: SetName | undefined;

  const compile = (ports: LocalPorts | undefined, isClosed: (key: string) => boolean): readonly Chain[] => {
    if (ports === undefined) return [];
    const known = sets.gate('ports', new Set(ports.addresses.filter((address) => familyOf(address) === family)));
    const isolations = [...all]
      .sort(([a], [b]) => byText(a, b))
      .map(([key, isolation]): PortsIsolation => ({ isolation, isClosed: isClosed(key) }));
    return portsChains(ports, isolations, { family, sets: sets.builder, reports: reports(), known });
  };

  const namedBy = (now: readonly Chain[]): readonly SetName[] =>
    now.flatMap(({ rules }) =>
      rules.flatMap(({ matches }) => matches.flatMap((match) => (match.kind === 'set' ? [match.set] : []))),
    );

  return {
    update(isolations, ports, isClosed) {
      let isOther = ports !== before;
      before = ports;
      for (const [key, isolation] of isolations) {
        isOther = true;
        if (isolation === undefined) all.delete(key);
        else all.set(key, isolation);
      }
      if (!isOther || (ports === undefined && chains.length === 0)) return undefined;
      chains = compile(ports, isClosed);
      const named = namedBy(chains);
      sets.use(named);
      sets.unuse(used);
      used = named;
      set =
        ports === undefined || chains.length === 0
          ? undefined
          : sets.gate('ports', new Set(ports.addresses.filter((address) => familyOf(address) === family)));
      return chains;
    },
    known: () => set,
  };
};
