import { type Direction, PEER_FIELD } from '../model/direction.ts';
import type { Labels } from '../model/labels.ts';
import type { PodEndpoint } from '../model/pod.ts';
import type { PolicyKey, PolicyObject } from '../model/policy-object.ts';

/** An addition to a policy. `rule` is a position in `spec.ingress` or `spec.egress`. */
export type PolicyAddition =
  | { readonly kind: 'port'; readonly rule: number; readonly port: object }
  | { readonly kind: 'peer'; readonly rule: number; readonly peer: object }
  | { readonly kind: 'rule'; readonly peer: object; readonly port: object };

/** One edit that may open a connection at one of its ends. */
export type Change =
  | {
      readonly kind: 'port' | 'peer' | 'rule';
      readonly direction: Direction;
      readonly policy: PolicyKey;
      readonly addition: PolicyAddition;
      readonly text: string;
    }
  | { readonly kind: 'policy'; readonly direction: Direction; readonly policy: PolicyObject; readonly text: string }
  | {
      readonly kind: 'label';
      /** Those that get the labels: all of one workload. */
      readonly pods: readonly PodEndpoint[];
      readonly labels: Labels;
      /** The labels that are set, and with null those that are taken off. */
      readonly difference: Readonly<Record<string, string | null>>;
      readonly text: string;
    };

type Plain = Readonly<Record<string, unknown>>;

const asPlain = (value: unknown): Plain => (typeof value === 'object' && value !== null ? (value as Plain) : {});
const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const changeRule = (rule: unknown, direction: Direction, addition: PolicyAddition): unknown => {
  const plain = asPlain(rule);
  const field = PEER_FIELD[direction];
  if (addition.kind === 'port') return { ...plain, ports: [...asList(plain['ports']), addition.port] };
  if (addition.kind === 'peer') return { ...plain, [field]: [...asList(plain[field]), addition.peer] };
  return rule;
};

/**
 * Returns the policy with the addition; of a rule that is added the position is the last. The policy isolates in the direction
 * already, so that it goes on to do what it does where it names no policyTypes.
 */
export const addTo = (policy: PolicyObject, direction: Direction, addition: PolicyAddition): PolicyObject => {
  const spec = asPlain(policy.spec);
  const rules = asList(spec[direction]);
  const changed =
    addition.kind === 'rule'
      ? [...rules, { [PEER_FIELD[direction]]: [addition.peer], ports: [addition.port] }]
      : rules.map((rule, at) => (at === addition.rule ? changeRule(rule, direction, addition) : rule));
  return { ...policy, spec: { ...spec, [direction]: changed } };
};

/** Returns the object as a manifest, for review and `kubectl apply`. */
export const policyManifest = ({ namespace, name, spec }: PolicyObject): object => ({
  apiVersion: 'networking.k8s.io/v1',
  kind: 'NetworkPolicy',
  metadata: { name, namespace },
  spec,
});
