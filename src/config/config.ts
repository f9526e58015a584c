import type { IpFamily } from '../model/family.ts';
import type { LeaseHome } from '../model/lease-home.ts';
import type { OnDeny } from '../model/on-deny.ts';
import type { Limits } from '../policy/limits.ts';
import type { ListenAddress } from './listen-address.ts';

/** How to reach an API server. */
export type ApiServerConfig = { readonly kind: 'kubeconfig'; readonly file: string } | { readonly kind: 'in-cluster' };

/** The source of the cluster's state. */
export type SourceConfig = ApiServerConfig | { readonly kind: 'manifests'; readonly folder: string };

/** `auto` uses the backend that the kubelet and kube-proxy use on this node. */
export type IptablesBackendChoice = 'auto' | 'nft' | 'legacy';

/** The format of log lines: one JSON object each, or text for people. */
export type LogFormat = 'json' | 'text';

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';

/** All pods of the node, those whose readiness gate waits for the condition, or none. */
export type PodConditionScope = 'all' | 'gated' | 'off';

/** When the unknown-address gate closes: never, while an isolated pod's address is not known, or always. */
export type GateScope = 'off' | 'isolated-namespaces' | 'all';

/** Whether the agent posts Events of the API for operators. */
export type EventsChoice = 'on' | 'off';

/**
 * Where source validation applies: on automatically found pod interfaces, nowhere, or on these interfaces (a trailing
 * `+` makes a prefix).
 */
export type AntiSpoofing = 'auto' | 'off' | readonly string[];

/** `kubernetes` asks the API server which user a bearer token belongs to, and whether that user may read the path. */
export type MetricsAuth = 'off' | 'kubernetes';

/** PEM files, which are read again when they change. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

/** All settings of an agent, parsed and checked. Frozen. */
export interface Config {
  readonly source: SourceConfig;
  /** The node whose pods the agent enforces: `spec.nodeName` of those pods. */
  readonly nodeName: string;
  /** Address of metrics, health and status; undefined serves none. */
  readonly listen: ListenAddress | undefined;
  /** The file with the agent's health, for probes of its container; undefined writes none. */
  readonly healthFile: string | undefined;
  /** The Unix socket of `portcullis status`; undefined for none. */
  readonly statusSocket: string | undefined;
  /** Who may read metrics and status; health is open to everyone. */
  readonly metricsAuth: MetricsAuth;
  /** The certificate and key for TLS; undefined serves plain HTTP. */
  readonly tls: TlsFiles | undefined;
  readonly logFormat: LogFormat;
  readonly logLevel: LogLevel;
  readonly iptablesBackend: IptablesBackendChoice;
  /** `auto` uses the families that the node's kernel and pods have. */
  readonly ipFamilies: 'auto' | readonly IpFamily[];
  /** Interval of drift checks. */
  readonly driftIntervalMs: number;
  /** Maximum time that an iptables command waits for the xtables lock (its `-w`). */
  readonly xtablesWaitSeconds: number;
  /** The NFLOG group to which denied packets are reported; undefined reports none. */
  readonly deniedLog: { readonly group: number } | undefined;
  /** Whether a record of each refused connection is kept. */
  readonly records: boolean;
  /** Where the records are kept and served; undefined keeps them in memory alone. */
  readonly recordsDir: string | undefined;
  /** Whether to post Events about refused connections. */
  readonly deniedEvents: boolean;
  /** The answer to packets that policy forbids. */
  readonly onDeny: OnDeny;
  /** libcni's result cache; undefined if it is not read. */
  readonly cniResults: string | undefined;
  /** The socket through which the CNI plugin announces new pods; undefined without the plugin. */
  readonly cniSocket: string | undefined;
  /** Where the agent's Lease is; undefined for none. */
  readonly lease: LeaseHome | undefined;
  /** The pods that get the condition "policies are in force". */
  readonly podCondition: PodConditionScope;
  /** When the unknown-address gate is closed. */
  readonly gate: GateScope;
  readonly events: EventsChoice;
  /** The interfaces on which source validation drops spoofed packets. */
  readonly antiSpoofing: AntiSpoofing;
  /** Limits of the policies' usage of the node. */
  readonly limits: Limits;
}
