import { NODE_CONDITION, STARTUP_TAINT } from '../cluster/cleanup-cluster.ts';
import { asList, asObject, asText, type RawObject } from '../cluster/raw.ts';

/** The parts of a Node that the controller reads. */
export interface NodeState {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  /** Its condition PortcullisEnforcing; undefined if it has none. */
  readonly condition: { readonly status: string; readonly reason: string; readonly message: string } | undefined;
  readonly hasStartupTaint: boolean;
}

/** Returns the parts of a v1 Node; undefined without a name. */
export const readNode = (raw: RawObject): NodeState | undefined => {
  const metadata = asObject(raw['metadata']);
  const name = asText(metadata['name']);
  if (name === undefined) return undefined;
  const found = asList(asObject(raw['status'])['conditions'])
    .map(asObject)
    .find(({ type }) => type === NODE_CONDITION);
  const textOf = (field: string): string => asText(found?.[field]) ?? '';
  return {
    name,
    labels: new Map(
      Object.entries(asObject(metadata['labels'])).flatMap(([key, value]) =>
        typeof value === 'string' ? [[key, value] as const] : [],
      ),
    ),
    condition:
      found === undefined
        ? undefined
        : { status: textOf('status'), reason: textOf('reason'), message: textOf('message') },
    hasStartupTaint: asList(asObject(raw['spec'])['taints'])
      .map(asObject)
      .some(({ key }) => key === STARTUP_TAINT),
  };
};

/** Reports whether a node is what the controller wrote last and needs, so that no other change of it matters. */
export const sameNode = (one: NodeState, other: NodeState): boolean =>
  one.name === other.name &&
  one.hasStartupTaint === other.hasStartupTaint &&
  one.condition?.status === other.condition?.status &&
  one.condition?.reason === other.condition?.reason &&
  one.condition?.message === other.condition?.message &&
  one.labels.size === other.labels.size &&
  [...one.labels].every(([key, value]) => other.labels.get(key) === value);
