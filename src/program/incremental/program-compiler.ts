import { IP_FAMILIES, type IpFamily } from '../../model/family.ts';
import type { PolicyFault } from '../../policy/fault.ts';
import type { PolicyDelta } from '../../policy/incremental/policy-compiler.ts';
import type { LocalPorts } from '../bridge-ports.ts';
import type { GateOptions } from '../gate.ts';
import type { Answered } from '../answers.ts';
import type { DeniedLog } from '../denied-log.ts';
import type { ChainName } from '../names.ts';
import type { NodeProgram } from '../node-program.ts';
import type { Recorded } from '../records.ts';
import { createFamilyCompiler, type FamilyDelta } from './family-compiler.ts';
import type { NodeGate } from './family-gate.ts';
import type { NodeGuard } from './family-guard.ts';
import type { Room } from './room.ts';

export interface ProgramOptions<Gate = GateOptions, Guard = Pick<NodeGuard, 'network'>> {
  /** Where to report denied packets; undefined reports none. */
  readonly log?: DeniedLog | undefined;
  /** Who is told of refused packets, so that they are answered; undefined: nobody. The same from the first update on. */
  readonly answered?: ((family: IpFamily) => Answered | undefined) | undefined;
  /** Who is told of refused packets, so that records are kept; undefined: nobody. The same from the first update on. */
  readonly recorded?: ((family: IpFamily) => Recorded | undefined) | undefined;
  /** Closes addresses that no pod is known to have; undefined closes none. */
  readonly gate?: Gate | undefined;
  /** Interfaces of pods, each with its own routes: what comes in by them with another source is dropped. Asked at each update. */
  readonly sources?: (() => readonly string[]) | undefined;
  /** Keeps addresses of the node and its pods, and ends of tunnels, to those whose they are; undefined does not. */
  readonly guard?: Guard | undefined;
  /** The node's interface that is the pod's alone, by an address of the pod; undefined where there is none, or none known. */
  readonly interfaceOf?: ((address: string) => string | undefined) | undefined;
  /** The ports of the node's bridges; undefined where it has none that pods hang on. Asked at each update. */
  readonly ports?: (() => LocalPorts | undefined) | undefined;
}

/** What an update did to the program of the node. */
export type ProgramDelta = Readonly<Record<IpFamily, FamilyDelta>>;

/** Isolation chains that cannot be carried out, and why. */
export type RefusedChains = Readonly<Record<IpFamily, ReadonlyMap<ChainName, string>>>;

/** Turns what policies ask of a node into what its kernel has to hold, and keeps it up to date. */
export interface ProgramCompiler {
  /** @param room for what is brought at once, see FamilyCompiler; of both families together */
  update(delta: PolicyDelta, room?: Room): ProgramDelta;
  isGrowing(): boolean;
  /** See FamilyCompiler. */
  grown(): Readonly<Record<IpFamily, readonly ChainName[]>>;
  /** Chains that are to deny everything from the next update on, see FamilyCompiler. */
  close(chains: RefusedChains): void;
  open(): void;
  /** Why chains deny what their policies would allow. */
  faults(): readonly PolicyFault[];
  /** As of the last update; its maps are live, and another program after each update. */
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
