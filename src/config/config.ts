import type { IpFamily } from '../model/family.ts';
import type { OnDeny } from '../model/on-deny.ts';
import type { Limits } from '../policy/limits.ts';
import type { ListenAddress } from './listen-address.ts';

/** An API server, and how to find it. */
export type ApiServerConfig = { readonly kind: 'kubeconfig'; readonly file: string } | { readonly kind: 'in-cluster' };

/** Where the cluster's state comes from. */
export type SourceConfig = ApiServerConfig | { readonly kind: 'manifests'; readonly folder: string };

/** `auto` chooses the backend that the kubelet and kube-proxy use on this node. */
export type IptablesBackendChoice = 'auto' | 'nft' | 'legacy';

/** How log lines look: one JSON object each, or text for people. */
export type LogFormat = 'json' | 'text';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** All pods of the node, those with a readiness gate that waits for it, or none. */
export type PodConditionScope = 'all' | 'gated' | 'off';

/** Never, while the address of a pod that some policy isolates is awaited, or always. */
export type GateScope = 'off' | 'isolated-namespaces' | 'all';

/** Whether Events of the API tell what operators have to see. */
export type EventsChoice = 'on' | 'off';

/** Where pods have interfaces of their own; nowhere; or by these interfaces, a trailing `+` standing for any rest of the name. */
export type AntiSpoofing = 'auto' | 'off' | readonly string[];

/** `kubernetes` asks the API server who a bearer token belongs to and what that user may get. */
export type MetricsAuth = 'off' | 'kubernetes';

/** PEM files that are read again when they change. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** Everything that a person can set about an agent, read and checked. Frozen. */
export interface Config {
  readonly source: SourceConfig;
  /** The node whose pods are enforced: `spec.nodeName` of those pods. */
  readonly nodeName: string;
  /** Where metrics, health and status are served; undefined serves none. */
  readonly listen: ListenAddress | undefined;
  /** Where the agent writes how it is, for probes of its container; undefined writes none. */
  readonly healthFile: string | undefined;
  /** Who may read metrics and status; health is open to all. */
  readonly metricsAuth: MetricsAuth;
  /** What is served is served over TLS with these; undefined serves plain HTTP. */
  readonly tls: TlsFiles | undefined;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
  readonly iptablesBackend: IptablesBackendChoice;
  /** `auto` takes the families that the node's kernel and pods have. */
  readonly ipFamilies: 'auto' | readonly IpFamily[];
  /** Time between two looks at the kernel, ms. */
  readonly driftIntervalMs: number;
  /** How long one iptables command waits for the xtables lock (its `-w`), seconds. */
  readonly xtablesWaitSeconds: number;
  /** The NFLOG group that denied packets are reported to; undefined reports none. */
  readonly deniedLog: { readonly group: number } | undefined;
  /** Whether a record of each refused connection is kept. */
  readonly records: boolean;
  /** Where the records are kept and served; undefined keeps them in memory alone. */
  readonly recordsDir: string | undefined;
  /** Whether Events tell of refused connections. */
  readonly deniedEvents: boolean;
  /** What those get who send what policy forbids. */
  readonly onDeny: OnDeny;
  /** libcni's result cache; undefined reads none. */
  readonly cniResults: string | undefined;
  /** Where the CNI plugin tells of new pods; undefined where there is none. */
  readonly cniSocket: string | undefined;
  /** The pods that get the condition that their policies are in force. */
  readonly podCondition: PodConditionScope;
  /** When addresses of the node's pod range that no known pod has are closed. */
  readonly gate: GateScope;
  readonly events: EventsChoice;
  /** By which interfaces packets are dropped whose source is not routed there. */
  readonly antiSpoofing: AntiSpoofing;
  /** What policies may ask of the node. */
  readonly limits: Limits;
}
