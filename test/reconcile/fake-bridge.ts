import type { BridgeLook } from '../../src/bridge/bridge-look.ts';
import { BRIDGE_SETS, type BridgeSet } from '../../src/bridge/bridge-program.ts';
import type { Claim, ObservedBridge } from '../../src/bridge/parse-table.ts';
import type { BridgeKernel, BridgeQuestion } from '../../src/reconcile/bridge-kernel.ts';

/** A kernel that applies the elements that the guard writes, and records everything. */
export interface FakeBridge extends BridgeKernel {
  look: BridgeKernel['look'];
  found: BridgeLook;
  claimed: readonly Claim[];
  /** The errors of the next writes. */
  refusal: Error | undefined;
  /** It takes no rules that report packets. */
  refusesReports: boolean;
  readonly written: string[];
  readonly asked: BridgeQuestion[];
  table: ObservedBridge | undefined;
  held(name: BridgeSet): readonly string[];
}

const elementsIn = (list: string): readonly string[] => list.split(', ');

export const createFakeBridge = (found: BridgeLook): FakeBridge => {
  const readTable = (text: string): ObservedBridge => {
    const sets = Object.fromEntries(
      BRIDGE_SETS.map((name) => {
        const [, list] = new RegExp(`  set ${name} \\{\n[^}]*elements = \\{ ([^}]*) \\}`).exec(text) ?? [];
        return [name, new Set(list === undefined ? [] : elementsIn(list))];
      }),
    ) as unknown as ObservedBridge['sets'];
    return { sets, shape: text.slice(text.indexOf('  chain ')) };
  };
  const change = (text: string): void => {
    for (const [, verb, name = '', list = ''] of text.matchAll(
      /^(add|delete) element bridge portcullis (\S+) \{ (.*) \}$/gm,
    )) {
      const set = fake.table?.sets[name as BridgeSet] as Set<string>;
      for (const element of elementsIn(list)) {
        if (verb === 'add') set.add(element);
        else set.delete(element);
      }
    }
  };
  const fake: FakeBridge = {
    found,
    claimed: [],
    refusal: undefined,
    refusesReports: false,
    written: [],
    asked: [],
    table: undefined,
    look: () => Promise.resolve(fake.found),
    write(text) {
      if (fake.refusal !== undefined) return Promise.reject(fake.refusal);
      if (fake.refusesReports && text.includes('log prefix')) return Promise.reject(new Error('no nft_log'));
      fake.written.push(text);
      if (text.includes('chain ')) fake.table = readTable(text);
      else if (text.includes('element ')) change(text);
      else fake.table = undefined;
      return Promise.resolve();
    },
    read: () => Promise.resolve(fake.table && structuredClone(fake.table)),
    claims: () => Promise.resolve(fake.claimed),
    ask(questions) {
      fake.asked.push(...questions);
      return Promise.resolve();
    },
    isListening: () => true,
    rest: () => undefined,
    held: (name) => [...(fake.table?.sets[name] ?? [])].sort(),
  };
  return fake;
};
