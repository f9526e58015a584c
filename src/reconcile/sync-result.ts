import type { Direction } from '../model/direction.ts';
import type { PolicyKey } from '../model/policy-object.ts';
import type { PolicyFault } from '../policy/fault.ts';
import type { NodeProgram } from '../program/node-program.ts';
import type { Tampering } from '../render/tampering.ts';
import type { Concerned } from './node-compiler.ts';
import type { PartFailure } from './parts.ts';

/** The reasons for a pass. */
export const SYNC_REASONS = ['start', 'change', 'check', 'retry'] as const;
export type SyncReason = (typeof SYNC_REASONS)[number];

/** The result of one pass of the loop. */
export interface SyncResult {
  readonly reason: SyncReason;
  readonly outcome: 'applied' | 'unchanged' | 'failed';
  readonly durationMs: number;
  /**
   * Time in ms from the note of the oldest change until it was in force; undefined if this pass brought none into
   * force, because it failed, found nothing to do, or large policies are incomplete.
   */
  readonly waitedMs: number | undefined;
  /** Number of lines of restore text, 0 if the kernel already had everything. */
  readonly changes: number;
  /** Number of lines by which the kernel differed from the applied state: another program changed it. */
  readonly drift: number;
  /** The kinds of drift. */
  readonly tampering: readonly Tampering[];
  /** Whether another program keeps putting its rules before ours, and we ours before its. */
  readonly contested: boolean;
  /**
   * Whether isolations are too large for one pass: they deny everything until further passes, which follow at once,
   * complete them.
   */
  readonly isGrowing: boolean;
  /**
   * The policies that were added, changed or deleted, and that this pass has brought into force; empty after a failure and
   * while large policies are incomplete, when a later pass names them.
   */
  readonly policies: readonly PolicyKey[];
  /** The addresses whose connections may be denied since the last pass, by the namespace of their pods. */
  readonly concerned: Concerned;
  readonly faults: readonly PolicyFault[];
  /** Numbers of isolated pods of the node. */
  readonly isolatedPods: Readonly<Record<Direction, number>>;
  /** The rule set in force; undefined if it is not known. */
  readonly program: NodeProgram | undefined;
  /** See ReconcilerStatus. */
  readonly notInForce: readonly PartFailure[];
  /** Why it, or a needed part, failed, in one line. */
  readonly error: string | undefined;
}
