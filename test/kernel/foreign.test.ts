import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { type CommandRunner, createCommandRunner } from '../../src/kernel/command.ts';
import type { Backend } from '../../src/kernel/iptables.ts';
import { createKernel } from '../../src/kernel/kernel.ts';
import { UnreadTableError } from '../../src/kernel/table-reader.ts';
import { inNetns } from '../../src/lab/batch.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import { EMPTY_PROGRAM } from '../support/empty-program.ts';
import { FORWARD_CHAIN, SOURCES_CHAIN } from '../../src/program/names.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import { sourceCheck } from '../../src/program/source-check.ts';
import type { Kernel } from '../../src/reconcile/kernel.ts';
import { isEmptyPlan, planChanges } from '../../src/render/plan.ts';
import { findTampering } from '../../src/render/tampering.ts';
import { loadGolden, programOf } from '../golden/golden-case.ts';
import { type LackingExtensions, withoutExtension } from '../support/lab/without-extension.ts';
import { cleanUp } from '../support/clean-up.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

/** Foreign rules and tables that the available tools cannot print, or that do not belong to iptables at all. */

const STATISTIC = '-m statistic --mode random --probability 0.01 -j ACCEPT';
/** An expression that iptables cannot express. */
const NATIVE = 'numgen random mod 10 lt 2 counter accept';

interface Foreign {
  readonly what: string;
  readonly only?: Backend;
  /** Shell commands; `ipt` is iptables of the backend. */
  readonly commands: readonly string[];
}

const FOREIGN: readonly Foreign[] = [
  { what: 'an unknown match in FORWARD of filter', commands: [`ipt -t filter -A FORWARD ${STATISTIC}`] },
  { what: 'an unknown match in INPUT of filter', commands: [`ipt -t filter -A INPUT ${STATISTIC}`] },
  {
    what: 'an unknown match in a chain of somebody, in the table that policy is judged in',
    commands: [
      'ipt -t security -N THEIRS',
      `ipt -t security -A THEIRS ${STATISTIC}`,
      'ipt -t security -A INPUT -j THEIRS',
    ],
  },
  { what: 'an unknown match at the head of FORWARD', commands: [`ipt -t security -I FORWARD ${STATISTIC}`] },
  {
    what: 'unknown matches on both sides of a jump into our chains that we did not make',
    // The legacy tool prints such a jump, but not its matches.
    only: 'nft',
    commands: [
      `ipt -t security -I FORWARD ${STATISTIC}`,
      'ipt -t security -N PORTCULLIS-STRAY 2>/dev/null || true',
      'ipt -t security -A FORWARD -s 192.0.2.1 -j PORTCULLIS-STRAY',
      `ipt -t security -A FORWARD ${STATISTIC}`,
    ],
  },
  { what: 'an unknown match in OUTPUT', commands: [`ipt -t security -A OUTPUT ${STATISTIC}`] },
  { what: 'an unknown match in PREROUTING of raw', commands: [`ipt -t raw -I PREROUTING ${STATISTIC}`] },
  {
    what: 'a comment that no restore text can carry',
    commands: [`ipt -t security -I FORWARD -m comment --comment "$(printf 'a\\001b')" -j ACCEPT`],
  },
  {
    what: 'a native rule in ip filter',
    only: 'nft',
    commands: ['ipt -t filter -A FORWARD -j ACCEPT', `nft add rule ip filter FORWARD ${NATIVE}`],
  },
  {
    what: 'a native rule at the head of FORWARD in ip security',
    only: 'nft',
    commands: ['ipt -t security -A FORWARD -j ACCEPT', `nft insert rule ip security FORWARD ${NATIVE}`],
  },
  {
    what: 'a hook in ip security that iptables does not know',
    only: 'nft',
    commands: [
      'nft add table ip security',
      "nft 'add chain ip security theirs { type filter hook forward priority 7; policy accept; }'",
    ],
  },
  {
    what: 'a map of verdicts in ip6 security, and a set',
    only: 'nft',
    commands: [
      'ip6tables-nft -t security -A INPUT -j ACCEPT',
      "nft 'add map ip6 security verdicts { type ipv6_addr : verdict; elements = { fd00::1 : drop }; }'",
      "nft 'add rule ip6 security INPUT ip6 saddr vmap @verdicts'",
    ],
  },
  {
    what: 'a native rule in ip raw',
    only: 'nft',
    commands: ['ipt -t raw -A PREROUTING -j ACCEPT', `nft insert rule ip raw PREROUTING ${NATIVE}`],
  },
  {
    what: 'a native rule in a chain of ours',
    only: 'nft',
    commands: [
      'ipt -t security -N PORTCULLIS-FORWARD 2>/dev/null || true',
      `nft insert rule ip security PORTCULLIS-FORWARD ${NATIVE}`,
    ],
  },
];

describe.each(['nft', 'legacy'] as const)('iptables-%s', (backend) => {
  let lacking: LackingExtensions;
  let filter: PacketFilter;
  let kernel: Kernel;
  let program: NodeProgram;
  let later: NodeProgram;

  beforeAll(async () => {
    lacking = await withoutExtension('libxt_statistic.so');
    const withRaw = (of: NodeProgram): NodeProgram => ({
      ipv4: { ...of.ipv4, raw: sourceCheck('ipv4', ['veth+']) },
      ipv6: { ...of.ipv6, raw: sourceCheck('ipv6', ['veth+']) },
    });
    program = withRaw(programOf((await loadGolden('dual-stack')).snapshot));
    later = withRaw(programOf((await loadGolden('both-ends')).snapshot));
  });

  beforeEach(async () => {
    filter = await openPacketFilter(backend);
    kernel = kernelWith(createCommandRunner([...inNetns(filter.name), ...lacking.prefix]));
  });

  afterEach(() => cleanUp(() => filter.close()));

  afterAll(() => lacking.close());

  const kernelWith = (runner: CommandRunner): Kernel =>
    createKernel(runner, {
      backend,
      families: IP_FAMILIES,
      xtablesWaitSeconds: 5,
      reader: filter.reader,
      nft: filter.nft,
    });

  const doAs = async ({ commands }: Foreign): Promise<void> => {
    const script = [`ipt() { iptables-${backend} -w "$@"; }`, ...commands].join('\n');
    await filter.runner.run('sh', ['-ec', script]);
  };

  const bring = async (by: Kernel, to: NodeProgram): Promise<void> => {
    await by.apply(planChanges(await by.observe(), to));
  };

  /** Checks that the kernel has the rule set and nothing else of ours, as seen with all extensions. */
  const expectHeld = async (wanted: NodeProgram): Promise<void> => {
    expect(isEmptyPlan(planChanges(await kernel.observe(), wanted))).toBe(true);
    for (const [table, hook, chain] of [
      ['security', 'FORWARD', FORWARD_CHAIN],
      ['raw', 'PREROUTING', SOURCES_CHAIN],
    ] as const) {
      const [first, ...others] = await filter.targets(table, hook);
      expect(first).toBe(chain);
      expect(others.filter((target) => target.startsWith('PORTCULLIS'))).toEqual([]);
    }
  };

  const cases = FOREIGN.filter(({ only }) => only === undefined || only === backend);

  test.each(cases)('$what before the first start does not prevent enforcement', async (foreign) => {
    await doAs(foreign);
    await bring(kernel, program);
    await expectHeld(program);
  });

  test.each(cases)('$what after the start is ignored, and our own part is repaired and changed', async (foreign) => {
    await bring(kernel, program);
    await doAs(foreign);
    // Like an agent that restarts: it knows nothing.
    const next = kernelWith(createCommandRunner([...inNetns(filter.name), ...lacking.prefix]));
    await bring(next, program);
    await expectHeld(program);
    await filter.runner.run(`iptables-${backend}`, ['-w', '-t', 'security', '-F', FORWARD_CHAIN]);
    const kinds = findTampering(await next.observe(), program).map(({ kind, name }) => `${kind} ${name}`);
    expect(kinds).toEqual([`chain_changed ${FORWARD_CHAIN}`]);
    await bring(next, later);
    await expectHeld(later);
    await bring(next, EMPTY_PROGRAM);
    expect(isEmptyPlan(planChanges(await kernel.observe(), EMPTY_PROGRAM))).toBe(true);
    for (const family of IP_FAMILIES) {
      for (const { name } of await filter.nft.chains(family)) expect(name).not.toContain('PORTCULLIS');
    }
  });

  test('chains of an earlier layout in a filter table that cannot be printed are removed', async () => {
    for (const family of IP_FAMILIES) {
      const lines = [
        ':PORTCULLIS-FORWARD - [0:0]',
        '-A PORTCULLIS-FORWARD -j DROP',
        '-A FORWARD -j PORTCULLIS-FORWARD',
      ];
      await filter.load(family, [`-A FORWARD ${STATISTIC}`, ...lines], 'filter');
    }
    await bring(kernel, program);
    await expectHeld(program);
    for (const family of IP_FAMILIES) {
      const table = await filter.table(family, 'filter');
      expect(table).not.toContain('PORTCULLIS');
      expect(table).toContain('--mode random');
    }
  });

  test.each([
    ['is cut off', (text: string) => text.slice(0, text.length >> 1)],
    ['is a remark', () => "# Table `security' is incompatible, use 'nft' tool.\n"],
    ['is empty', () => ''],
  ])('an answer that %s is an error that names table and family, and nothing is written', async (_what, spoil) => {
    await bring(kernel, program);
    const before = await filter.text();
    const written: string[] = [];
    const spoiled: CommandRunner = {
      async run(file, args, options) {
        if (file.endsWith('restore') && options?.isQuestion !== true) written.push(options?.input ?? '');
        const text = await filter.runner.run(file, args, options);
        const isAnswer = options?.isQuestion === true || file.endsWith('-save');
        return isAnswer && file.startsWith('iptables') ? spoil(text) : text;
      },
    };
    const error: unknown = await kernelWith(spoiled)
      .observe()
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(UnreadTableError);
    expect(String(error)).toMatch(/the (?:security|filter|raw) table of ipv4 cannot be read: /);
    expect(written).toEqual([]);
    expect(await filter.text()).toBe(before);
  });
});
