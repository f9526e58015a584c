import type { Direction } from '../model/direction.ts';
import type { PolicyFault } from '../policy/fault.ts';
import type { NodeProgram } from '../program/node-program.ts';
import type { Tampering } from '../render/tampering.ts';
import type { Concerned } from './node-compiler.ts';
import type { PartFailure } from './parts.ts';

/** Why the kernel is looked at. */
export const SYNC_REASONS = ['start', 'change', 'check', 'retry'] as const;
export type SyncReason = (typeof SYNC_REASONS)[number];

/** What one pass of the loop did. */
export interface SyncResult {
  readonly reason: SyncReason;
  readonly outcome: 'applied' | 'unchanged' | 'failed';
  readonly durationMs: number;
  /**
   * How long the oldest change waited from its note to being in force, ms; undefined where this pass brought none into force:
   * it failed, found nothing to do, or large policies are not complete yet.
   */
  readonly waitedMs: number | undefined;
  /** Lines of restore text that were needed, 0 if the kernel held everything already. */
  readonly changes: number;
  /** Lines that the kernel was off from what had been put there: somebody else changed it. */
  readonly drift: number;
  /** What that was. */
  readonly tampering: readonly Tampering[];
  /** Another program keeps putting its rules before ours, and we ours before its. */
  readonly contested: boolean;
  /** Isolations are too large for one pass: they deny everything until further passes, which follow at once, brought them. */
  readonly isGrowing: boolean;
  /** The addresses whose connections may be denied since the last pass, by the namespace of their pods. */
  readonly concerned: Concerned;
  readonly faults: readonly PolicyFault[];
  /** Pods of the node that some policy isolates. */
  readonly isolatedPods: Readonly<Record<Direction, number>>;
  /** What is in force now; undefined where this is not known. */
  readonly program: NodeProgram | undefined;
  /** See ReconcilerStatus. */
  readonly notInForce: readonly PartFailure[];
  /** Why it failed, or some part that is needed, in one line. */
  readonly error: string | undefined;
}
