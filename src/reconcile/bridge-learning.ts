import { linkLocalOf } from '../bridge/elements.ts';
import { learnOwners } from '../bridge/learn.ts';
import type { LearnedOwner, LocalPod } from '../bridge/owners.ts';
import type { ObservedBridge } from '../bridge/parse-table.ts';
import type { PodBridge } from '../model/bridge-port.ts';
import type { Clock } from '../model/clock.ts';
import { type Cidr, covers, familyOf, parseAddress, parseCidr } from '../policy/cidr.ts';
import type { BridgeFactsBook } from './bridge-facts.ts';
import type { BridgeKernel, BridgeQuestion } from './bridge-kernel.ts';

export interface BridgeLearningParts {
  readonly book: BridgeFactsBook;
  readonly pods: () => readonly LocalPod[];
  /** Reports whether the table exists, whose rules record answers. */
  readonly isInForce: () => boolean;
  readonly onLearned: () => void;
  /** Called when answers decide nothing. */
  readonly onUnclear: () => void;
}

/**
 * Learns the owners of ports that no result of the network plugin names: asks all ports which one has the pods'
 * addresses.
 */
export interface BridgeLearning {
  /**
   * Takes over the owners that a predecessor had learned, from the table in the kernel.
   * @throws if the table cannot be read: it may exist, so it must not be overwritten yet
   */
  recall(): Promise<void>;
  /** Asks if there is a question and it is due. */
  consider(): void;
  stop(): void;
}

/** Waits between questions for the same addresses: a pod that starts answers soon, one that hangs never. */
const PAUSES_MS = [20, 200, 500, 1_000, 2_000, 5_000, 10_000, 30_000];
/** Maximum time until an answer. */
const ANSWER_MS = 120;
/** Maximum questions at once; the others come next. */
const MOST_AT_ONCE = 256;

/** Returns the node's address that asks: one of the target's subnet, or else any that hosts answer to. */
const askingAddress = (address: Cidr, { mac, subnets }: PodBridge, own: readonly string[]): string | undefined => {
  const blocks = subnets.flatMap((text) => parseCidr(text) ?? []).filter((block) => covers(block, address));
  const ofFamily = own.filter(
    (text) => familyOf(text) === address.family && text !== '::1' && !text.startsWith('127.'),
  );
  const onLink = ofFamily.find((text) => {
    const parsed = parseAddress(text);
    return parsed !== undefined && blocks.some((block) => covers(block, parsed));
  });
  return onLink ?? ofFamily.find((text) => text === linkLocalOf(mac)) ?? ofFamily[0];
};

const questionFor = (
  target: string,
  bridges: readonly PodBridge[],
  own: readonly string[],
): readonly BridgeQuestion[] => {
  const address = parseAddress(target);
  if (address === undefined) return [];
  return bridges.flatMap((bridge) => {
    const from = askingAddress(address, bridge, own);
    return from === undefined ? [] : [{ bridge: bridge.index, mac: bridge.mac, from, target }];
  });
};

/** Returns elements of ports and values, `"port" . value`. */
const pairs = (elements: ReadonlySet<string>): readonly (readonly [string, string])[] =>
  [...elements].map((element) => {
    const [port = '', value = ''] = element.split(' . ');
    return [port.slice(1, -1), value];
  });

const recallOwners = (
  { sets }: ObservedBridge,
  bridges: readonly PodBridge[],
  pods: readonly LocalPod[],
): readonly LearnedOwner[] => {
  const macOf = new Map(pairs(sets.ownmac));
  const addresses = [...pairs(sets.own4), ...pairs(sets.own6)];
  return bridges.flatMap(({ ports }) =>
    ports.flatMap(({ name, index }): readonly LearnedOwner[] => {
      const mac = macOf.get(name);
      if (!sets.learned.has(`"${name}"`) || mac === undefined) return [];
      const held = addresses.filter(([port]) => port === name).map(([, address]) => address);
      const pod = pods.find(({ ips }) => ips.some((ip) => held.includes(ip)));
      const ips = pod?.ips.filter((ip) => held.includes(ip)) ?? [];
      return pod === undefined ? [] : [{ port: name, index, mac, ips, podUid: pod.uid, origin: 'learned' }];
    }),
  );
};

export const createBridgeLearning = (
  kernel: BridgeKernel,
  clock: Clock,
  { book, pods, isInForce, onLearned, onUnclear }: BridgeLearningParts,
): BridgeLearning => {
  let attempt = 0;
  /** The addresses and ports of the last questions. */
  let asked = '';
  let isAsking = false;
  let stopped = false;
  let cancel: (() => void) | undefined;

  const wait = (ms: number): Promise<undefined> =>
    new Promise((resolve) => {
      clock.after(ms, () => {
        resolve(undefined);
      });
    });

  const ask = async (): Promise<void> => {
    const { node, unowned } = book.facts();
    const targets = unowned.slice(0, MOST_AT_ONCE);
    await kernel.ask(targets.flatMap((target) => questionFor(target, node.bridges, node.nodeAddresses)));
    await wait(ANSWER_MS);
    const before = book.learned();
    const unclear = book.disputed();
    const { learned, disputed } = learnOwners(node, before, pods(), await kernel.claims());
    book.learn(learned, disputed);
    if (JSON.stringify(learned) !== JSON.stringify(before)) onLearned();
    else if (JSON.stringify(disputed) !== JSON.stringify(unclear)) onUnclear();
  };

  const consider = (): void => {
    const { node, unowned } = book.facts();
    if (stopped || isAsking || !isInForce() || unowned.length === 0) return;
    // The waits start again for new questions, whatever happened to the former ones.
    const subject = JSON.stringify([unowned, node.bridges]);
    if (subject !== asked) {
      asked = subject;
      attempt = 0;
      cancel?.();
      cancel = undefined;
    }
    if (cancel !== undefined) return;
    const pause = PAUSES_MS[Math.min(attempt, PAUSES_MS.length - 1)] ?? 0;
    cancel = clock.after(pause, () => {
      cancel = undefined;
      attempt += 1;
      isAsking = true;
      // It is tried again: the guarantee shows what stays unknown.
      void ask()
        .catch(() => undefined)
        .then(() => {
          isAsking = false;
          consider();
        });
    });
  };

  return {
    async recall() {
      const observed = await kernel.read();
      if (observed === undefined) return;
      book.learn(recallOwners(observed, book.facts().node.bridges, pods()), []);
    },
    consider,
    stop() {
      stopped = true;
      cancel?.();
    },
  };
};
