import { describe, expect, test } from '@jest/globals';
import type { Backend } from '../../src/kernel/iptables.ts';
import { IP_FAMILIES } from '../../src/model/family.ts';
import { EMPTY_PROGRAM } from '../support/empty-program.ts';
import { isEmptyPlan, type Plan } from '../../src/render/plan.ts';
import { goldenNames, loadGolden, programOf } from '../golden/golden-case.ts';
import { usePacketFilter } from './use-packet-filter.ts';

const BACKENDS: readonly Backend[] = ['nft', 'legacy'];

/** The tools print small IPv6 addresses in mixed notation. */
const plain = (text: string): string => text.replaceAll('::0.1.0.0/112', '::1:0/112');

/** Returns the rules of our chains, chain by chain. */
const ownRules = (text: string): readonly string[] =>
  plain(text)
    .split('\n')
    .filter((line) => line.startsWith('-A PORTCULLIS-'))
    .sort((a, b) => ((a.split(' ')[1] ?? '') < (b.split(' ')[1] ?? '') ? -1 : 1));

const ownMembers = (text: string): readonly string[] =>
  text
    .split('\n')
    .filter((line) => line.startsWith('add '))
    .sort();

/** Random numbers that are the same in every run (mulberry32). */
const seeded = (seed: number) => (): number => {
  let state = (seed += 0x6d2b79f5);
  state = Math.imul(state ^ (state >>> 15), state | 1);
  state ^= state + Math.imul(state ^ (state >>> 7), state | 61);
  return ((state ^ (state >>> 14)) >>> 0) / 4_294_967_296;
};

const STEPS = 60;
/** Hundreds of processes, on a machine that may be busy. */
const DEADLINE_MS = 120_000;

describe.each(BACKENDS)('iptables-%s', (backend) => {
  const filter = usePacketFilter(backend);

  const expectSettled = async (name: string): Promise<void> => {
    const left = await filter().left(programOf((await loadGolden(name)).snapshot));
    expect({ name, left }).toEqual({ name, left: { prepare: '', tables: {}, finish: '', destroy: [], size: 0 } });
    expect(isEmptyPlan(left)).toBe(true);
  };

  test(
    'the kernel prints every golden case as it was rendered, and removes it without a trace',
    async () => {
      const before = await filter().text();
      for (const name of goldenNames) {
        const plan: Plan = await filter().bring(programOf((await loadGolden(name)).snapshot));
        for (const family of IP_FAMILIES) {
          const rules = ownRules(await filter().table(family));
          expect({ name, rules }).toEqual({ name, rules: ownRules(plan.tables[family] ?? '') });
        }
        const members = ownMembers(await filter().sets());
        expect({ name, members }).toEqual({ name, members: ownMembers(plan.prepare) });
        await expectSettled(name);
        await filter().bring(EMPTY_PROGRAM);
        expect({ name, text: await filter().text() }).toEqual({ name, text: before });
      }
    },
    DEADLINE_MS,
  );

  test(
    'the kernel goes from any golden case to any other',
    async () => {
      const random = seeded(20_260_101);
      for (let step = 0; step < STEPS; step += 1) {
        const name = goldenNames[Math.floor(random() * goldenNames.length)] ?? '';
        await filter().bring(programOf((await loadGolden(name)).snapshot));
        await expectSettled(name);
      }
    },
    DEADLINE_MS,
  );
});
