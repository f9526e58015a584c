import type { ClusterChanges } from '../model/cluster-change.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { ClusterSnapshot } from '../model/snapshot.ts';
import { createPolicyCompiler, type PolicyCompiler, type PolicyDelta } from '../policy/incremental/policy-compiler.ts';
import type { Limits } from '../policy/limits.ts';
import {
  createProgramCompiler,
  type ProgramCompiler,
  type ProgramDelta,
  type ProgramOptions,
} from '../program/incremental/program-compiler.ts';
import type { Room } from '../program/incremental/room.ts';

/** Keeps what the kernel of one node has to hold up to date with the cluster. */
export interface NodeCompiler extends Omit<PolicyCompiler, 'update' | 'ownershipOf'>, Omit<ProgramCompiler, 'update'> {
  /** @throws with nothing of the compiler to be used any more */
  update(snapshot: ClusterSnapshot, changes: ClusterChanges, room?: Room): ProgramDelta;
  /** Returns, once, the addresses whose connections the last update may deny, by the namespace of their pods. */
  takeConcerned(): Concerned;
}

/** Addresses of pods by their namespace. */
export type Concerned = ReadonlyMap<string, ReadonlySet<string>>;

/** Called with an address that a pod of any node no longer has; must not throw. */
export type OnAddressLeft = (address: string, pod: PodEndpoint) => void;

export const createNodeCompiler = (
  node: string,
  options: ProgramOptions,
  limits?: Limits,
  onAddressLeft?: OnAddressLeft,
): NodeCompiler => {
  const policyCompiler = createPolicyCompiler(node, limits);
  const { gate, guard, ...others } = options;
  const isKnown = (address: string): boolean => policyCompiler.podsAt(address).some((pod) => pod.node === node);
  const programCompiler = createProgramCompiler({
    ...others,
    gate: gate && { ...gate, isKnown },
    guard: guard && { ...guard, isOfPod: isKnown },
  });
  let concerned = new Map<string, Set<string>>();

  const note = (namespace: string, address: string): void => {
    concerned.set(namespace, (concerned.get(namespace) ?? new Set()).add(address));
  };

  const noteChanges = ({ isolations, members }: PolicyDelta): void => {
    concerned = new Map();
    for (const isolation of isolations.values()) {
      for (const { namespace, ips } of isolation?.pods ?? []) for (const ip of ips) note(namespace, ip);
    }
    for (const { removed } of members.values()) {
      for (const address of removed) note(policyCompiler.podsAt(address)[0]?.namespace ?? '', address);
    }
  };

  const tellLeft = (gone: readonly PodEndpoint[]): void => {
    if (onAddressLeft === undefined) return;
    for (const pod of gone) {
      for (const ip of pod.ips) {
        if (!policyCompiler.podsAt(ip).some(({ uid }) => uid === pod.uid)) onAddressLeft(ip, pod);
      }
    }
  };

  return {
    policy: policyCompiler.policy,
    faults() {
      const faults = programCompiler.faults();
      return faults.length === 0 ? policyCompiler.faults() : [...policyCompiler.faults(), ...faults];
    },
    isolatedPods: policyCompiler.isolatedPods,
    closedPods: policyCompiler.closedPods,
    podsAt: policyCompiler.podsAt,
    isolationsAt: policyCompiler.isolationsAt,
    program: programCompiler.program,
    close: programCompiler.close,
    open: programCompiler.open,
    isUnfinished: policyCompiler.isUnfinished,
    isGrowing: programCompiler.isGrowing,
    grown: programCompiler.grown,
    update(snapshot, changes, room) {
      const delta = policyCompiler.update(snapshot, changes, room?.isForSmall);
      noteChanges(delta);
      tellLeft(delta.gone);
      return programCompiler.update(delta, room);
    },
    takeConcerned() {
      const taken = concerned;
      concerned = new Map();
      return taken;
    },
  };
};
