import { formatField } from '../../model/field-path.ts';
import type { PolicyKey } from '../../model/policy-object.ts';
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

const endOf = (policy: PolicyKey): OperatorEvent => ({
  policy,
  type: 'Normal',
  reason: 'PolicyEnforced',
  action: 'Compile',
  note: 'no part of this policy is invalid or refused any more',
});

/** Posts events about policies that cannot be enforced as written, and about those that can be again. */
export const createFaultEvents = (
  events: EventSink,
  node: string,
  snapshot: () => ClusterSnapshot,
): ((faults: readonly PolicyFault[]) => void) => {
  let heard: readonly PolicyFault[] = [];
  let told: ReadonlySet<PolicyKey> = new Set();
  return (faults) => {
    if (faults === heard || (faults.length === 0 && heard.length === 0)) return;
    heard = faults;
    const tells = findTellers(snapshot().pods.values());
    const ours = faults.filter(({ policy, isOfNode }) => isOfNode === true || tells(node, policy));
    events.stand('faults', ours.map(eventOf));
    const { policies } = snapshot();
    const faulty = new Set(faults.map(({ policy }) => policy));
    // Of a policy that is gone nobody reads an event.
    for (const policy of told.difference(faulty)) if (policies.has(policy)) events.tell(endOf(policy));
    told = new Set(ours.map(({ policy }) => policy));
  };
};
