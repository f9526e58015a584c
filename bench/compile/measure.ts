import type { ClusterChanges, ObjectKind } from '../../src/model/cluster-change.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import { createNodeCompiler } from '../../src/reconcile/node-compiler.ts';
import { nothingObserved } from '../../src/render/nothing-observed.ts';
import { planChanges, planDelta } from '../../src/render/plan.ts';
import { OWN_NODE } from '../state/cluster.ts';
import type { Size } from '../state/size.ts';
import { changesOf } from './changes.ts';
import { createWorld } from './world.ts';

export interface CompileFigures {
  /** Processor time of the first compile in a new process. */
  readonly firstMs: number;
  /** Processor time of writing all of it as restore text. */
  readonly firstPlanMs: number;
  readonly rules: number;
  readonly chains: number;
  readonly sets: number;
  readonly members: number;
  /** Heap bytes of another node's pod in the world, and in the compiler. */
  readonly worldBytesPerRemotePod: number;
  readonly compilerBytesPerRemotePod: number;
  /** Processor milliseconds to compile and plan one change, each sample by kind. */
  readonly samples: Readonly<Record<string, readonly number[]>>;
}

/** Returns the bytes of live objects; needs `--expose-gc`. */
const heap = (): number => {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
};

/** Returns the processor time of the process so far, which is more precise than the clock on a busy machine. */
const processorMs = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};

const keysOf = (kind: ObjectKind, key: string): ClusterChanges => ({
  pods: new Set<string>(),
  namespaces: new Set<string>(),
  networkpolicies: new Set<string>(),
  [kind]: new Set([key]),
});

interface Heap {
  readonly world: number;
  readonly compiler: number;
}

/** Measures the same policies with only the node's own pods. */
const heapWithoutRemotePods = (size: Size): Heap => {
  const empty = heap();
  const world = createWorld({ ...size, pods: size.localPods });
  const filled = heap();
  const compiler = createNodeCompiler(OWN_NODE, {});
  compiler.update(world, 'everything');
  const compiled = heap();
  // Keeps the compiler alive until here, so that its heap is counted.
  compiler.update(world, 'everything');
  return { world: filled - empty, compiler: compiled - filled };
};

export const measureCompile = (size: Size, rounds: number): CompileFigures => {
  const empty = heap();
  const world = createWorld(size);
  const filled = heap();
  const compiler = createNodeCompiler(OWN_NODE, {});
  const startedAt = processorMs();
  compiler.update(world, 'everything');
  const compiledAt = processorMs();
  planChanges(nothingObserved(['ipv4']), compiler.program());
  const plannedAt = processorMs();
  const compiled = heap();
  const programs = IP_FAMILIES.map((family) => compiler.program()[family]);
  const sum = (count: (program: (typeof programs)[number]) => number): number =>
    programs.reduce((total, program) => total + count(program), 0);

  const samples: Record<string, number[]> = {};
  for (let round = 0; round < rounds; round += 1) {
    for (const [kind, change] of changesOf(round, world)) {
      const { kind: what, key } = change(world);
      const from = processorMs();
      planDelta(compiler.update(world, keysOf(what, key)), ['ipv4']);
      (samples[kind] ??= []).push(processorMs() - from);
    }
  }
  const remotePods = size.pods - size.localPods;
  const others = heapWithoutRemotePods(size);
  return {
    firstMs: compiledAt - startedAt,
    firstPlanMs: plannedAt - compiledAt,
    rules: sum(({ chains }) => chains.values().reduce((total, { rules }) => total + rules.length, 0)),
    chains: sum(({ chains }) => chains.size),
    sets: sum(({ sets }) => sets.size),
    members: sum(({ sets }) => sets.values().reduce((total, { members }) => total + members.size, 0)),
    worldBytesPerRemotePod: (filled - empty - others.world) / remotePods,
    compilerBytesPerRemotePod: (compiled - filled - others.compiler) / remotePods,
    samples,
  };
};
