import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { createSystemClock } from '../../src/kernel/clock.ts';
import { createCompanionStarter, type StartCompanion } from '../../src/kernel/companion.ts';
import { createNetlink } from '../../src/kernel/netlink/netlink.ts';
import { createSetReader } from '../../src/kernel/netlink/set-reader.ts';
import type { Backend } from '../../src/kernel/iptables.ts';
import { createKernelLookout, type KernelLookout } from '../../src/kernel/kernel-lookout.ts';
import { inNetns } from '../../src/lab/batch.ts';
import type { NodeProgram } from '../../src/program/node-program.ts';
import type { Kernel } from '../../src/reconcile/kernel.ts';
import { governedSet } from '../../src/program/names.ts';
import { EMPTY_PLAN, planChanges } from '../../src/render/plan.ts';
import { loadGolden, programOf } from '../golden/golden-case.ts';
import { waitFor } from '../support/wait-for.ts';
import { openPacketFilter, type PacketFilter } from './packet-filter.ts';

const BACKENDS: readonly Backend[] = ['nft', 'legacy'];
const DEADLINE_MS = 28_000;
/** A full comparison comes after up to 30 of these, which is too late for the tests. */
const INTERVAL_MS = 1_000;

const RULES: readonly (readonly [what: string, lines: readonly string[]])[] = [
  ['the table flushed', ['-F']],
  ['the jump deleted', ['-D FORWARD -j PORTCULLIS-FORWARD']],
  ['a rule before the jump', ['-I FORWARD 1 -p udp -j ACCEPT']],
  ['our chain flushed', [':PORTCULLIS-INGRESS - [0:0]']],
  ['a rule inserted into our chain', ['-I PORTCULLIS-FORWARD 1 -j ACCEPT']],
  ['a rule taken from our chain', ['-D PORTCULLIS-STRAY 1']],
];

describe.each(BACKENDS)('iptables-%s: the drift check', (backend) => {
  let filter: PacketFilter;
  let program: NodeProgram;
  let kernel: Kernel;
  let lookout: KernelLookout;
  let touched: number;

  const suspects = (): Promise<boolean> => lookout.suspects(program);

  /** Reads everything like the loop, until the drift check is quiet. */
  const settle = (): Promise<true> =>
    waitFor('a quiet kernel', DEADLINE_MS, async () => {
      await kernel.observe();
      return (await suspects()) ? undefined : true;
    });

  const untilSuspected = (what: string): Promise<true> =>
    waitFor(what, DEADLINE_MS, async () => ((await suspects()) ? true : undefined));

  beforeEach(async () => {
    filter = await openPacketFilter(backend);
    program = programOf((await loadGolden('both-ends')).snapshot);
    touched = 0;
    lookout = createKernelLookout(
      { backend, families: ['ipv4', 'ipv6'], intervalMs: INTERVAL_MS, onTouched: () => (touched += 1) },
      {
        tables: filter.tables,
        start: createCompanionStarter(inNetns(filter.name)),
        sets: filter.reader,
        clock: createSystemClock(),
      },
    );
    kernel = lookout.over(filter.kernel);
    await kernel.apply(planChanges(await kernel.observe(), program));
    await settle();
  });

  afterEach(async () => {
    lookout.stop();
    await filter.close();
  });

  test.each(RULES)('the drift check sees %s', async (what, lines) => {
    await filter.load('ipv4', lines);
    await untilSuspected(what);
  });

  test('the drift check sees a rule of the other family', async () => {
    await filter.load('ipv6', ['-I PORTCULLIS-FORWARD 1 -j ACCEPT']);
    await untilSuspected('the rule');
  });

  test.each([
    ['a member added', 'add $SET 192.0.2.99'],
    ['a member removed', 'del portcullis-4-governed 10.1.1.10'],
    ['a set flushed', 'flush portcullis-4-governed'],
    ['a member exchanged for another', 'del portcullis-4-governed 10.1.1.10\nadd portcullis-4-governed 192.0.2.99'],
    ['a set swapped for an equal one', 'create x hash:ip\nadd x 10.1.1.10\nswap x portcullis-4-governed'],
  ])('the drift check sees %s', async (what, lines) => {
    const [set = ''] = program.ipv4.sets.keys();
    await filter.loadSets(lines.replace('$SET', set).split('\n'));
    await untilSuspected(what);
  });

  test('the drift check sees an unwanted set, once', async () => {
    await filter.loadSets(['create portcullis-4-madeup hash:ip']);
    await untilSuspected('the set');
    expect(await suspects()).toBe(false);
  });

  test('the drift check ignores our own changes, and other programs’ changes elsewhere', async () => {
    const other = programOf((await loadGolden('thirty-pods')).snapshot);
    await kernel.apply(planChanges(await kernel.observe(), other));
    program = other;
    expect(await suspects()).toBe(false);
    await filter.load('ipv4', [':KUBE-FORWARD - [0:0]', '-A KUBE-FORWARD -j ACCEPT', '-A INPUT -j KUBE-FORWARD']);
    await filter.loadSets(['create KUBE-X hash:ip', 'add KUBE-X 192.0.2.1']);
    expect(await suspects()).toBe(false);
  });

  test('the drift check ignores the members of the reopen guard', async () => {
    await filter.loadSets(['add portcullis-4-held 192.0.2.1,udp:53,192.0.2.2']);
    await kernel.apply({ ...EMPTY_PLAN, finish: 'add portcullis-4-held 192.0.2.3,udp:53,192.0.2.2\n' });
    for (let look = 0; look < 3; look += 1) expect(await suspects()).toBe(false);
  });

  test('the drift check ignores our own set that came and went between two checks, and waits to be destroyed', async () => {
    const create = 'create portcullis-4-passing hash:ip family inet hashsize 64 maxelem 1048576\n';
    await kernel.apply({ ...EMPTY_PLAN, prepare: `${create}add portcullis-4-passing 10.0.0.1\n` });
    expect(await suspects()).toBe(false);
  });

  test('the drift check sees a member that we removed and another program added again', async () => {
    const [member = ''] = program.ipv4.sets.get(governedSet('ipv4'))?.members ?? [];
    const without = (members: ReadonlySet<string>): ReadonlySet<string> =>
      new Set([...members].filter((each) => each !== member));
    await kernel.apply({ ...EMPTY_PLAN, prepare: `del ${governedSet('ipv4')} ${member}\n` });
    const sets = new Map(
      [...program.ipv4.sets].map(([name, set]) => [
        name,
        name === governedSet('ipv4') ? { ...set, members: without(set.members) } : set,
      ]),
    );
    program = { ...program, ipv4: { ...program.ipv4, sets } };
    expect(await suspects()).toBe(false);
    await filter.loadSets([`add ${governedSet('ipv4')} ${member}`]);
    await untilSuspected('the member');
  });

  test('the drift check trusts nothing that does not answer', async () => {
    await filter.runner.run('ipset', ['--version']);
    const mute: StartCompanion = (_file, args, onText) => createCompanionStarter()('false', args, onText);
    const deaf = createKernelLookout(
      { backend, families: ['ipv4'], intervalMs: INTERVAL_MS, onTouched: () => undefined },
      {
        tables: filter.tables,
        start: mute,
        sets: createSetReader(createNetlink(mute)),
        clock: createSystemClock(),
      },
    );
    await deaf.over(filter.kernel).observe();
    expect(await deaf.suspects(program)).toBe(true);
    deaf.stop();
  });

  if (backend === 'nft') {
    test('the drift check is notified of rule changes at once, with the program that made them', async () => {
      await waitFor('the kernel to be listened to', DEADLINE_MS, async () => {
        await settle();
        await filter.runner.run('iptables-nft', ['-t', 'security', '-I', 'FORWARD', '1', '-j', 'ACCEPT']);
        return touched > 0 ? true : undefined;
      });
      expect(lookout.takeCulprits()).toEqual(['iptables-nft']);
      expect(lookout.takeCulprits()).toEqual([]);
    });
  }
});
