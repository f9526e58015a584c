import type { Clock } from '../model/clock.ts';
import type { HostRoutes } from '../model/host-routes.ts';
import { messageOf } from '../model/message-of.ts';
import type { PodLink } from '../model/pod-link.ts';
import { type PodInterfaces, podInterfaces, usablePatterns } from '../program/pod-interfaces.ts';

export interface SourceInterfacesDeps {
  /** Configured patterns; `auto` finds the pods' interfaces, if each pod has one of its own. */
  readonly wanted: 'auto' | readonly string[];
  /** Returns how the node's pods are attached; undefined before that is known, or while it is too early to choose. */
  readonly links: () => readonly PodLink[] | undefined;
  readonly routes: () => Promise<HostRoutes>;
  /** @throws if the kernel rejects such a rule */
  readonly tryOut: () => Promise<void>;
  readonly clock: Clock;
  /** Called for the first choice, and for each different one. */
  readonly onChosen: (chosen: PodInterfaces) => void;
}

/** The interfaces whose packets are validated by source. */
export interface SourceInterfaces {
  start(): void;
  /** Takes the fact that the pods' attachment may have changed. */
  note(): void;
  /** Resolves once the choice includes everything noted before this call. */
  settled(): Promise<void>;
  /** Reports whether the first choice is made: until then a predecessor's rules stay. */
  hasChosen(): boolean;
  chosen(): PodInterfaces;
  stop(): void;
}

/** Interval of checks until it is known how pods are attached. */
const WAIT_MS = 50;
/** Interval of retries: a failure may end later, when a module is loaded or a route repaired. */
const RETRY_MS = 60_000;

/** Only what lasts for this long counts: a pod that is about to go may lose its routes a moment before its interface. */
const DOUBT_MS = 1000;

const UNDECIDED: PodInterfaces = { interfaces: [], reason: 'no pod is known yet' };

export const createSourceInterfaces = (deps: SourceInterfacesDeps): SourceInterfaces => {
  const { wanted, links, routes, tryOut, clock, onChosen } = deps;
  let chosen: PodInterfaces | undefined;
  let working = false;
  let isStale = false;
  let isDoubted = false;
  let stopped = false;
  let cancel = (): void => undefined;
  let waiting: readonly (() => void)[] = [];

  const choose = async (known: readonly PodLink[]): Promise<PodInterfaces> => {
    const before = chosen ?? UNDECIDED;
    const host = await routes();
    // The last pod does not take the plugin with it, so the choice stays.
    const now = wanted === 'auto' ? (podInterfaces(known, host) ?? before) : usablePatterns(wanted, host);
    if (now.interfaces.length === 0 || now.interfaces.join() === before.interfaces.join()) return now;
    try {
      await tryOut();
      return now;
    } catch (error) {
      return { interfaces: [], reason: `the kernel does not take the rule: ${messageOf(error)}` };
    }
  };

  const again = (ms: number): void => {
    cancel();
    if (!stopped) cancel = clock.after(ms, work);
  };

  const work = (): void => {
    isStale = true;
    if (working || stopped) return;
    const known = links();
    if (known === undefined) {
      again(WAIT_MS);
      return;
    }
    isStale = false;
    working = true;
    void choose(known)
      .then((now) => {
        const isLoss = now.interfaces.length === 0 && chosen !== undefined && chosen.interfaces.length > 0;
        const isDoubtful = isLoss && !isDoubted;
        isDoubted = isDoubtful;
        if (isDoubtful) {
          again(DOUBT_MS);
          return;
        }
        const isNews = chosen?.interfaces.join() !== now.interfaces.join() || chosen.reason !== now.reason;
        chosen = now;
        if (isNews && !stopped) onChosen(now);
        if (now.reason !== undefined && now !== UNDECIDED) again(RETRY_MS);
      })
      .finally(() => {
        working = false;
        const settled = isStale ? [] : waiting;
        if (isStale) work();
        else waiting = [];
        for (const settle of settled) settle();
      });
  };

  return {
    start: work,
    note: work,
    settled() {
      if (!working || stopped) return Promise.resolve();
      return new Promise((resolve) => {
        waiting = [...waiting, resolve];
      });
    },
    hasChosen: () => chosen !== undefined,
    chosen: () => chosen ?? UNDECIDED,
    stop() {
      stopped = true;
      cancel();
    },
  };
};
