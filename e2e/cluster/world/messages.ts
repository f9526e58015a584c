import type { ClusterFolder } from '../folder.ts';
import type { ClusterSettings } from '../settings.ts';

/** What `up` tells the process that becomes the cluster; a listening socket of the machine's loopback comes with it. */
export interface WorldOrder {
  readonly folder: ClusterFolder;
  readonly settings: ClusterSettings;
  readonly cgroups: readonly string[];
  /** The folder of Kubernetes programs. */
  readonly programs: string;
  /** The network namespace of the machine, as readlink of /proc/self/ns/net tells it; the cluster must be elsewhere. */
  readonly outside: string;
  /** The URL that the socket is reached under. */
  readonly loopbackUrl: string;
}

/** What it answers. */
export type WorldReport =
  | { readonly kind: 'say'; readonly line: string }
  | { readonly kind: 'ready' }
  | { readonly kind: 'failed'; readonly reason: string };
