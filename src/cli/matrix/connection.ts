import { formatField } from '../../model/field-path.ts';
import type { Direction } from '../../model/direction.ts';
import type { SideGrants } from '../../trace/grants.ts';
import { describePorts, isEmpty } from '../../trace/port-set.ts';
import type { Reach } from '../../trace/reach.ts';

/** Describes the verdict of one end's policies. */
export interface ConnectionSide {
  /** Policies that isolate this end; none where it is open. */
  readonly isolatedBy: readonly string[];
  readonly allowedBy: readonly { readonly policy: string; readonly field: string; readonly ports: string }[];
}

/** At which ports one endpoint may open connections to another, and why. Plain data, as it is printed. */
export interface Connection {
  /** `namespace/pod`, or `outside`. */
  readonly from: string;
  readonly to: string;
  /** Where it does not hold for all of both ends: the families or the outside's addresses for which it does. */
  readonly only?: readonly string[];
  /** `all`, `none`, or e.g. `TCP 80,443 UDP 53`. */
  readonly ports: string;
  readonly allowed: boolean;
  /** True if policies do not apply: a pod and itself, a pod and its own node. */
  readonly exempt: boolean;
  readonly egress: ConnectionSide;
  readonly ingress: ConnectionSide;
}

const describeSide = (direction: Direction, { policies, grants }: SideGrants): ConnectionSide => ({
  isolatedBy: policies,
  allowedBy: grants.map(({ policy, rule, ports }) => ({
    policy,
    field: formatField(['spec', direction, rule]),
    ports: describePorts(ports),
  })),
});

/** Describes a reach without its ends. */
export type Verdict = Omit<Connection, 'from' | 'to' | 'only'>;

export const describeReach = ({ ports, exemption, egress, ingress }: Reach): Verdict => ({
  ports: describePorts(ports),
  allowed: !isEmpty(ports),
  exempt: exemption !== undefined,
  egress: describeSide('egress', egress),
  ingress: describeSide('ingress', ingress),
});

/** Whether a policy has a say in it. */
export const isRuled = ({ egress, ingress }: Verdict): boolean =>
  egress.isolatedBy.length > 0 || ingress.isolatedBy.length > 0;
