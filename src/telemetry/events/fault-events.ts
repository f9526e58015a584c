import { formatField } from '../../model/field-path.ts';
import type { EventSink, OperatorEvent } from '../../model/operator-event.ts';
import type { ClusterSnapshot } from '../../model/snapshot.ts';
import type { PolicyFault } from '../../policy/fault.ts';
import { findTellers } from './tellers.ts';

const INVALID = { type: 'Warning', reason: 'InvalidPolicy' } as const;
/** The policy itself is right: the node has no room for it, or the kernel rejects its rules. */
const NOT_ENFORCED = { type: 'Warning', reason: 'PolicyNotEnforced' } as const;

const eventOf = ({ policy, field, message, isOfNode }: PolicyFault): OperatorEvent => ({
  policy,
  ...(isOfNode === true ? NOT_ENFORCED : INVALID),
  action: 'Compile',
  note: `${formatField(field)}: ${message}; this part allows nothing, and the pods it may select are isolated`,
});

/** Posts events about policies that cannot be enforced as written. */
export const createFaultEvents = (
  events: EventSink,
  node: string,
  snapshot: () => ClusterSnapshot,
): ((faults: readonly PolicyFault[]) => void) => {
  let heard: readonly PolicyFault[] = [];
  return (faults) => {
    if (faults === heard || (faults.length === 0 && heard.length === 0)) return;
    heard = faults;
    const tells = findTellers(snapshot().pods.values());
    const ours = faults.filter(({ policy, isOfNode }) => isOfNode === true || tells(node, policy));
    events.stand('faults', ours.map(eventOf));
  };
};
