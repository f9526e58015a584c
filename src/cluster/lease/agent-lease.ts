import type { LeaseHome } from '../../model/lease-home.ts';
import { asObject, asText, type RawObject } from '../raw.ts';

/** What an agent's Lease says beside its time. */
export interface LeaseContent {
  /** `enforcing`, `in part` or `not enforcing`. */
  readonly level: string;
  /** ISO 8601. */
  readonly since: string;
  /** Why it is not `enforcing`, in one line; '' where it is. */
  readonly reason: string;
  /** The resourceVersions up to which the cluster's state is in force; '' before the first programming. */
  readonly networkpolicies: string;
  readonly pods: string;
  readonly namespaces: string;
  /** Policies of this node that have a fault: each isolates its pods and allows nothing. `namespace/name`. */
  readonly faulty: readonly string[];
  /** Version of the agent. */
  readonly version: string;
}

/** An agent's Lease, as read from the API server. */
export interface AgentLease extends LeaseContent {
  readonly node: string;
  readonly release: string;
  /** Changes with each renewal. */
  readonly resourceVersion: string;
  /** ISO 8601, by the clock of the node; '' if it was never renewed. */
  readonly renewedAt: string;
  readonly durationSeconds: number;
}

/**
 * An agent renews its Lease every 10 s, and one that was not renewed for 30 s is stale: two renewals may fail. The kubelet renews
 * the Node's Lease as often.
 */
export const RENEW_MS = 10_000;
export const LEASE_SECONDS = 30;

/** The labels of each agent's Lease. */
const COMPONENT = 'agent-lease';
const RELEASE_LABEL = 'portcullis.io/release';
const NAME_LABEL = 'app.kubernetes.io/name';
const COMPONENT_LABEL = 'app.kubernetes.io/component';

const ANNOTATIONS = {
  level: 'portcullis.io/enforcement',
  since: 'portcullis.io/since',
  reason: 'portcullis.io/reason',
  networkpolicies: 'portcullis.io/networkpolicies',
  pods: 'portcullis.io/pods',
  namespaces: 'portcullis.io/namespaces',
  faulty: 'portcullis.io/faulty-policies',
  version: 'portcullis.io/version',
} as const;

const LONGEST_REASON = 500;
/** Maximum faulty policies that a Lease names. */
const MOST_FAULTY = 50;

/** Returns the name of the Lease of a node's agent. An admission policy may hold agents to the one of their own node. */
export const leaseName = ({ release }: Pick<LeaseHome, 'release'>, node: string): string => `${release}-agent-${node}`;

export const leasesPath = (namespace: string): string =>
  `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;

/** Returns the label selector of the agents' Leases of an installation. */
export const leaseSelector = ({ release }: Pick<LeaseHome, 'release'>): string =>
  `${COMPONENT_LABEL}=${COMPONENT},${RELEASE_LABEL}=${release}`;

/** Formats a metav1.MicroTime, which needs exactly six digits of the second. */
export const microTime = (wall: string): string => wall.replace(/\.(\d{3})Z$/, '.$1000Z');

interface LeaseFacts {
  readonly home: LeaseHome;
  readonly node: string;
  /** `metadata.uid` of the Node: the Lease goes with it. Undefined where it is not known. */
  readonly nodeUid: string | undefined;
  readonly content: LeaseContent;
  /** When this agent began to renew it, and now: ISO 8601. */
  readonly acquiredAt: string;
  readonly renewedAt: string;
  /** Of the Lease as it is stored; undefined if there is none. */
  readonly resourceVersion: string | undefined;
}

/** Returns the Lease of an agent (coordination.k8s.io/v1). */
export const leaseObject = (facts: LeaseFacts): object => {
  const { home, node, nodeUid, content, resourceVersion } = facts;
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: {
      name: leaseName(home, node),
      namespace: home.namespace,
      ...(resourceVersion === undefined ? {} : { resourceVersion }),
      labels: {
        [NAME_LABEL]: 'portcullis',
        [COMPONENT_LABEL]: COMPONENT,
        [RELEASE_LABEL]: home.release,
      },
      annotations: {
        [ANNOTATIONS.level]: content.level,
        [ANNOTATIONS.since]: content.since,
        [ANNOTATIONS.reason]: content.reason.slice(0, LONGEST_REASON),
        [ANNOTATIONS.networkpolicies]: content.networkpolicies,
        [ANNOTATIONS.pods]: content.pods,
        [ANNOTATIONS.namespaces]: content.namespaces,
        [ANNOTATIONS.faulty]: content.faulty.slice(0, MOST_FAULTY).join(' '),
        [ANNOTATIONS.version]: content.version,
      },
      ...(nodeUid === undefined
        ? {}
        : { ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: node, uid: nodeUid }] }),
    },
    spec: {
      holderIdentity: node,
      leaseDurationSeconds: LEASE_SECONDS,
      acquireTime: microTime(facts.acquiredAt),
      renewTime: microTime(facts.renewedAt),
    },
  };
};

/** Returns the Lease of an agent; undefined for any other Lease. */
export const readLease = (raw: RawObject): AgentLease | undefined => {
  const metadata = asObject(raw['metadata']);
  const labels = asObject(metadata['labels']);
  const annotations = asObject(metadata['annotations']);
  const spec = asObject(raw['spec']);
  const node = asText(spec['holderIdentity']);
  if (labels[COMPONENT_LABEL] !== COMPONENT || node === undefined || node === '') return undefined;
  const textOf = (name: keyof typeof ANNOTATIONS): string => asText(annotations[ANNOTATIONS[name]]) ?? '';
  const seconds = spec['leaseDurationSeconds'];
  return {
    node,
    release: asText(labels[RELEASE_LABEL]) ?? '',
    resourceVersion: asText(metadata['resourceVersion']) ?? '',
    renewedAt: asText(spec['renewTime']) ?? '',
    durationSeconds: typeof seconds === 'number' && seconds > 0 ? seconds : LEASE_SECONDS,
    level: textOf('level'),
    since: textOf('since'),
    reason: textOf('reason'),
    networkpolicies: textOf('networkpolicies'),
    pods: textOf('pods'),
    namespaces: textOf('namespaces'),
    faulty: textOf('faulty')
      .split(' ')
      .filter((name) => name !== ''),
    version: textOf('version'),
  };
};
