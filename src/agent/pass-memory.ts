import type { Direction } from '../model/direction.ts';
import { formatField } from '../model/field-path.ts';
import type { PolicyFault } from '../policy/fault.ts';
import type { NodeProgram } from '../program/node-program.ts';
import type { SyncResult } from '../reconcile/sync-result.ts';
import { describeTampering } from '../render/describe-tampering.ts';
import type { StatusReport } from './status-report.ts';

/** What the passes of the loop found, for `portcullis status`. */
export interface PassMemory {
  /** @returns whether the pods that are selected by a policy with a fault may have changed */
  note(result: SyncResult, culprits: readonly string[]): boolean;
  /** Undefined before the first pass, and while the rule set is not known. */
  program(): NodeProgram | undefined;
  faults(): readonly PolicyFault[];
  isolatedPods(): Readonly<Record<Direction, number>>;
  lastDrift(): StatusReport['lastDrift'];
}

const NOT_KNOWN: Pick<SyncResult, 'program' | 'faults' | 'isolatedPods'> = {
  program: undefined,
  faults: [],
  isolatedPods: { ingress: 0, egress: 0 },
};

/** @param wall the wall-clock time, ISO 8601 */
export const createPassMemory = (wall: () => string): PassMemory => {
  let last = NOT_KNOWN;
  let lastDrift: StatusReport['lastDrift'];
  return {
    note(result, culprits) {
      const before = last.faults;
      last = { ...result, program: result.program ?? last.program };
      if (result.drift > 0) lastDrift = { at: wall(), changed: describeTampering(result.tampering), by: culprits };
      return last.faults !== before || (last.faults.length > 0 && result.outcome === 'applied');
    },
    program: () => last.program,
    faults: () => last.faults,
    isolatedPods: () => last.isolatedPods,
    lastDrift: () => lastDrift,
  };
};

/** Returns `shop/web: spec.ingress[0]: …`. */
export const describeFault = ({ policy, field, message }: PolicyFault): string =>
  `${policy}: ${formatField(field)}: ${message}`;
