import type { Clock } from '../model/clock.ts';
import type { Companion, StartCompanion } from './companion.ts';
import { readRuleEvent } from './rule-event.ts';

/** `deaf`: it did not listen all the time. */
export type Hearing = 'quiet' | 'touched' | 'deaf';

/**
 * Receives every change of nftables rules from the kernel, which costs nothing while there is none. For iptables-nft
 * only: the kernel reports neither changes through iptables-legacy nor those of sets.
 */
export interface RuleMonitor {
  /** Returns what happened to our rules since they were read at that time (Clock.now()). */
  since(readAt: number): Hearing;
  /** Runs `work`, during which this many transactions of iptables-restore are our own. */
  whileOwn<T>(transactions: number, work: () => Promise<T>): Promise<T>;
  /** Returns the programs that changed our rules since the last call. */
  takeCulprits(): readonly string[];
  stop(): void;
}

/** It listens some milliseconds after its start and does not say when. */
const SETTLING_MS = 500;
/** Wait between two starts: it ends if it is not installed, or if more changes at once than its socket can hold. */
const RESTART_MS = 5_000;
/** An own transaction is reported within this time, or it changed nothing. */
const ECHO_MS = 1_000;
const RESTORE = /^ip6?tables-nft-/;

export const createRuleMonitor = (start: StartCompanion, clock: Clock, onTouched: () => void): RuleMonitor => {
  let companion: Companion | undefined;
  let startedAt = Number.NEGATIVE_INFINITY;
  let touchedAt = Number.NEGATIVE_INFINITY;
  let unfinished = '';
  let concernsUs = false;
  let own = { left: 0, until: 0 };
  const culprits = new Set<string>();

  const onCommit = (by: string): void => {
    const now = clock.now();
    if (RESTORE.test(by) && own.left > 0 && now <= own.until) {
      own.left -= 1;
      return;
    }
    touchedAt = now;
    culprits.add(by);
    onTouched();
  };

  const onText = (text: string): void => {
    const lines = (unfinished + text).split('\n');
    unfinished = lines.pop() ?? '';
    for (const line of lines) {
      const event = readRuleEvent(line);
      if (event?.kind === 'ours') concernsUs = true;
      if (event?.kind === 'commit') {
        if (concernsUs) onCommit(event.by);
        concernsUs = false;
      }
    }
  };

  const keepRunning = (): void => {
    const now = clock.now();
    if (companion !== undefined || now - startedAt < RESTART_MS) return;
    startedAt = now;
    unfinished = '';
    concernsUs = false;
    const started = start('xtables-monitor', ['--event'], onText);
    companion = started;
    void started.ended.then(() => {
      if (companion === started) companion = undefined;
    });
  };

  return {
    since(readAt) {
      keepRunning();
      if (touchedAt >= readAt) return 'touched';
      return companion !== undefined && readAt >= startedAt + SETTLING_MS ? 'quiet' : 'deaf';
    },
    async whileOwn(transactions, work) {
      own = { left: transactions, until: Number.POSITIVE_INFINITY };
      try {
        return await work();
      } finally {
        own = { ...own, until: clock.now() + ECHO_MS };
      }
    },
    takeCulprits() {
      const taken = [...culprits];
      culprits.clear();
      return taken;
    },
    stop() {
      companion?.stop();
      companion = undefined;
      startedAt = Number.POSITIVE_INFINITY;
    },
  };
};
