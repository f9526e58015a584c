import type { ClusterFolder } from '../folder.ts';
import type { ClusterSettings } from '../settings.ts';

/** The message from `up` to the process that becomes the cluster, with a listening socket of the machine's loopback. */
export interface WorldOrder {
  readonly folder: ClusterFolder;
  readonly settings: ClusterSettings;
  readonly cgroups: readonly string[];
  /** The folder of Kubernetes programs. */
  readonly programs: string;
  /** The network namespace of the machine (readlink of /proc/self/ns/net); the cluster must be in another one. */
  readonly outside: string;
  /** The URL of the socket. */
  readonly loopbackUrl: string;
}

/** Its answer. */
export type WorldReport =
  | { readonly kind: 'say'; readonly line: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string };
