import { IP_FAMILIES, type IpFamily } from '../../model/family.ts';
import type { PolicyFault } from '../../policy/fault.ts';
import type { PolicyDelta } from '../../policy/incremental/policy-compiler.ts';
import type { LocalPorts } from '../bridge-ports.ts';
import type { GateOptions, NodeGate } from '../gate.ts';
import type { Answered } from '../answers.ts';
import type { DeniedLog, Recorded } from '../records.ts';
import type { ChainName } from '../names.ts';
import type { NodeProgram } from '../node-program.ts';
import { createFamilyCompiler, type FamilyDelta } from './family-compiler.ts';
import type { NodeGuard } from './family-guard.ts';
import type { Room } from './room.ts';

export interface ProgramOptions<Gate = GateOptions, Guard = Pick<NodeGuard, 'network'>> {
  /** Where denied packets are reported; undefined for no reports. */
  readonly log?: DeniedLog | undefined;
  /** How refused packets are answered; undefined for no answers. Does not change after the first update. */
  readonly answered?: ((family: IpFamily) => Answered | undefined) | undefined;
  /** The receiver of reports about refused packets; undefined: none. Constant from the first update on. */
  readonly recorded?: ((family: IpFamily) => Recorded | undefined) | undefined;
  /** Closes addresses that no pod is known to have; undefined closes none. */
  readonly gate?: Gate | undefined;
  /** Returns the interfaces of single pods, whose packets are validated by source. Called at each update. */
  readonly sources?: (() => readonly string[]) | undefined;
  /** Restricts addresses of the node and its pods, and ends of tunnels, to their owners; undefined does not. */
  readonly guard?: Guard | undefined;
  /**
   * Returns the node's interface that belongs to the pod with this address alone; undefined if there is none, or none
   * is known.
   */
  readonly interfaceOf?: ((address: string) => string | undefined) | undefined;
  /** Returns the ports of the node's bridges; undefined if no pods are attached to bridges. Called at each update. */
  readonly ports?: (() => LocalPorts | undefined) | undefined;
}

/** The changes of one update to the rule set of the node. */
export type ProgramDelta = Readonly<Record<IpFamily, FamilyDelta>>;

/** Isolation chains that the kernel rejects, with the reasons. */
export type RefusedChains = Readonly<Record<IpFamily, ReadonlyMap<ChainName, string>>>;

/** Compiles a node's policy to its rule set, and keeps it up to date. */
export interface ProgramCompiler {
  /** @param room limits the changes of one update, of both families together; see FamilyCompiler */
  update(delta: PolicyDelta, room?: Room): ProgramDelta;
  isGrowing(): boolean;
  /** See FamilyCompiler. */
  grown(): Readonly<Record<IpFamily, readonly ChainName[]>>;
  /** Makes chains deny everything from the next update on, see FamilyCompiler. */
  close(chains: RefusedChains): void;
  open(): void;
  /** Returns why chains deny what their policies would allow. */
  faults(): readonly PolicyFault[];
  /** Returns the rule set as of the last update; its maps are live. */
  program(): NodeProgram;
}

export const createProgramCompiler = (options: ProgramOptions<NodeGate, NodeGuard>): ProgramCompiler => {
  const families = { ipv4: createFamilyCompiler('ipv4', options), ipv6: createFamilyCompiler('ipv6', options) };
  return {
    update: (delta, room) => ({ ipv4: families.ipv4.update(delta, room), ipv6: families.ipv6.update(delta, room) }),
    isGrowing: () => IP_FAMILIES.some((family) => families[family].isGrowing()),
    grown: () => ({ ipv4: families.ipv4.grown(), ipv6: families.ipv6.grown() }),
    close(chains) {
      for (const family of IP_FAMILIES) families[family].close(chains[family]);
    },
    open() {
      for (const family of IP_FAMILIES) families[family].open();
    },
    faults: () => [
      ...new Map(
        IP_FAMILIES.flatMap((family) => families[family].faults()).map((fault) => [JSON.stringify(fault), fault]),
      ).values(),
    ],
    program: () => ({ ipv4: families.ipv4.program(), ipv6: families.ipv6.program() }),
  };
};
