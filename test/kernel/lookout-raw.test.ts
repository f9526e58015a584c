import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createSystemClock } from '../../src/kernel/clock.ts';
import type { CommandRunner } from '../../src/kernel/command.ts';
import { createCompanionStarter } from '../../src/kernel/companion.ts';
import type { Backend } from '../../src/kernel/iptables.ts';
import { createKernel, tablesOf } from '../../src/kernel/kernel.ts';
import { createKernelLookout, type KernelLookout } from '../../src/kernel/kernel-lookout.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import { compileProgram } from '../../src/program/compile-program.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import type { Kernel } from '../../src/reconcile/kernel.ts';
import { isEmptyPlan, planChanges } from '../../src/render/plan.ts';
import { findTampering } from '../../src/render/tampering.ts';
import { waitFor } from '../support/wait-for.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

const DEADLINE_MS = 28_000;
/** A full comparison comes after up to 30 of these, which is too late for the tests. */
const INTERVAL_MS = 1_000;

const programOf = (sources: readonly string[]): NodeProgram =>
  compileProgram({ isolations: [], faults: [] }, { sources: () => sources });

const RULES: readonly (readonly [what: string, rule: string, found: string])[] = [
  ['the table flushed', '-F', 'jump_missing PREROUTING'],
  ['the jump deleted', '-D PREROUTING -j PORTCULLIS-SOURCES', 'jump_missing PREROUTING'],
  ['a rule before the jump', '-I PREROUTING 1 -p udp -j ACCEPT', 'jump_displaced PREROUTING'],
  ['our chain flushed', '-F PORTCULLIS-SPOOFED', 'chain_changed PORTCULLIS-SPOOFED'],
];

describe.each<Backend>(['nft', 'legacy'])('iptables-%s: the raw table', (backend) => {
  let filter: PacketFilter;
  let lookout: KernelLookout;
  let kernel: Kernel;
  let commands: string[];
  let touched = 0;

  beforeEach(async () => {
    filter = await openPacketFilter(backend);
    commands = [];
    const runner: CommandRunner = {
      run(file, args, options) {
        commands.push([file, ...args, ...(options?.input === undefined ? [] : ['<', options.input])].join(' '));
        return filter.runner.run(file, args, options);
      },
    };
    const options = { backend, families: IP_FAMILIES, xtablesWaitSeconds: 5, nft: filter.nft };
    lookout = createKernelLookout(
      { backend, families: IP_FAMILIES, intervalMs: INTERVAL_MS, onTouched: () => (touched += 1) },
      {
        tables: tablesOf(runner, options),
        sets: filter.reader,
        start: createCompanionStarter(inNetns(filter.name)),
        clock: createSystemClock(),
      },
    );
    kernel = lookout.over(createKernel(runner, { ...options, reader: filter.reader }));
  });

  afterEach(async () => {
    lookout.stop();
    await filter.close();
  });

  const settle = (program: NodeProgram): Promise<true> =>
    waitFor('a quiet kernel', DEADLINE_MS, async () => {
      await kernel.observe();
      return (await lookout.suspects(program)) ? undefined : true;
    });

  test.each(RULES)('the drift check suspects, finds and repairs a raw table with %s', async (what, rule, found) => {
    const program = programOf(['veth+']);
    await kernel.apply(planChanges(await kernel.observe(), program));
    await settle(program);
    commands = [];
    if (backend === 'legacy') {
      // The kernel reports no changes: the text is read, and is right.
      await waitFor('a look', DEADLINE_MS, async () => {
        expect(await lookout.suspects(program)).toBe(false);
        return commands.includes('ip6tables-legacy-save -t raw') ? true : undefined;
      });
    } else {
      await waitFor('the kernel to be listened to', DEADLINE_MS, async () => {
        touched = 0;
        await filter.runner.run('iptables-nft', ['-t', 'security', '-I', 'FORWARD', '1', '-j', 'ACCEPT']);
        await filter.runner.run('iptables-nft', ['-t', 'security', '-D', 'FORWARD', '1']);
        await kernel.observe();
        return touched > 0 ? true : undefined;
      });
      await settle(program);
    }
    await filter.runner.run(`iptables-${backend}`, ['-t', 'raw', ...rule.split(' ')]);
    await waitFor(what, DEADLINE_MS, async () => ((await lookout.suspects(program)) ? true : undefined));
    const observed = await kernel.observe();
    expect(findTampering(observed, program).map(({ kind, name }) => `${kind} ${name}`)).toContain(found);
    await kernel.apply(planChanges(observed, program));
    expect(isEmptyPlan(planChanges(await kernel.observe(), program))).toBe(true);
  });

  test('a raw table without anything of ours is read once, and not created', async () => {
    const program = programOf([]);
    await kernel.apply(planChanges(await kernel.observe(), program));
    commands = [];
    await settle(program);
    expect(commands.filter((command) => / -t raw$|-save$|\*raw\n/.test(command))).toEqual([]);
    expect(commands.some((command) => / -t security$|\*security\n/.test(command))).toBe(true);
    if (backend === 'legacy') {
      const tables = await filter.runner.run('cat', ['/proc/self/net/ip_tables_names']);
      expect(tables.split('\n')).not.toContain('raw');
    } else {
      expect(await filter.runner.run('nft', ['list', 'tables']).catch(() => '')).not.toContain('raw');
    }
  });
});
