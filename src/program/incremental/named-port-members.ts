import type { IpFamily } from '../../model/family.ts';
import { familyOf, parseAddress, admits } from '../../policy/cidr.ts';
import type { MemberRecord } from '../../policy/incremental/peers.ts';
import type { NamedTargets, PortScope } from '../set-builder.ts';

/** The members of a set of addresses and ports, updated address by address. */
export interface NamedPortMembers {
  readonly members: ReadonlySet<string>;
  /** The set of addresses that is the scope; undefined if the scope does not follow pods. */
  readonly scope: ReadonlySet<string> | undefined;
  /** Updates these addresses, where the pod, its ports, or the scope may have changed. */
  refresh(addresses: Iterable<string>, record: MemberRecord): void;
}

const isInScope = (scope: PortScope, address: string): boolean => {
  switch (scope.kind) {
    case 'any':
      return true;
    case 'pods':
      return scope.addresses[familyOf(address)].has(address);
    case 'blocks': {
      const parsed = parseAddress(address);
      return parsed !== undefined && scope.blocks.some((block) => admits(block, parsed));
    }
  }
};

const NONE: readonly string[] = [];

export const createNamedPortMembers = (
  family: IpFamily,
  scope: PortScope,
  { protocol, targets }: NamedTargets,
): NamedPortMembers => {
  const members = new Set<string>();
  const byAddress = new Map<string, readonly string[]>();

  const membersAt = (address: string): readonly string[] => {
    const numbers = targets.get(address);
    return numbers === undefined || !isInScope(scope, address)
      ? NONE
      : numbers.map((number) => `${address},${protocol.toLowerCase()}:${number}`);
  };

  const refreshOne = (address: string, record: Pick<MemberRecord, 'add' | 'remove'>): void => {
    const before = byAddress.get(address) ?? NONE;
    const now = membersAt(address);
    for (const member of before) if (!now.includes(member)) record.remove(members, member);
    for (const member of now) record.add(members, member);
    if (now.length === 0) byAddress.delete(address);
    else byAddress.set(address, now);
  };

  const refresh = (addresses: Iterable<string>, record: Pick<MemberRecord, 'add' | 'remove'>): void => {
    for (const address of addresses) if (familyOf(address) === family) refreshOne(address, record);
  };

  const followed = scope.kind === 'pods' ? scope.addresses[family] : undefined;
  const first = followed !== undefined && followed.size < targets.size ? followed : targets.keys();
  refresh(first, {
    add: (set, member) => set.add(member),
    remove: (set, member) => set.delete(member),
  });
  return { members, scope: followed, refresh };
};
