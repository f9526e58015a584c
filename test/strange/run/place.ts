import { iptablesProgram } from '../../../src/lab/service.ts';
import type { RunningProcess } from '../../../src/lab/process.ts';
import type { IptablesBackend } from '../../../src/lab/settings.ts';
import type { PolicedNode } from '../../support/lab/policed-node.ts';
import type { Place } from '../condition.ts';
import type { DebianTools, Release } from '../tools/debian-tools.ts';

export interface OpenPlace extends Place {
  /** Ends what was kept running. */
  close(): Promise<void>;
}

const endGroup = (pid: number): void => {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended by itself.
  }
};

const LAY_MS = 120_000;

export const createPlace = (
  node: PolicedNode,
  backend: IptablesBackend,
  releases: ReadonlyMap<Release, DebianTools>,
): OpenPlace => {
  const kept: RunningProcess[] = [];
  return {
    node,
    backend,
    sh: (...lines) => {
      const head = [`ipt() { iptables-${backend} -w "$@"; }`, `ipt6() { ip6tables-${backend} -w "$@"; }`];
      return node.run('sh', ['-ec', [...head, ...lines].join('\n')], { timeoutMs: LAY_MS });
    },
    async restore(family, text) {
      const program = iptablesProgram(family, backend, '-restore');
      await node.run(program, ['--noflush', '-w', '60'], { input: text, timeoutMs: LAY_MS });
    },
    keep: (running) => kept.push(running),
    tools(release) {
      const found = releases.get(release);
      if (found === undefined) throw new Error(`no tools of ${release}`);
      return found;
    },
    async close() {
      for (const { pid, ended } of kept) {
        endGroup(pid);
        await ended;
      }
    },
  };
};
