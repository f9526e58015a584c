import path from 'node:path';

/** The paths of one cluster. Everything below `root` is the cluster's own and is removed with it. */
export interface ClusterFolder {
  readonly root: string;
  /** The file of record.ts. */
  readonly record: string;
  /** The administrator's kubeconfig, through this machine's loopback. */
  readonly kubeconfig: string;
  readonly logs: string;
  readonly pki: string;
  readonly etcd: string;
  /** Image archives that every node imports at its start. */
  readonly images: string;
  readonly nodes: string;
}

/** Not in /run, which is hidden inside the cluster, nor in /tmp, which may be cleaned; images need a disk. */
const DEFAULT_ROOT = '/var/lib/portcullis-cluster';

/** @param env PORTCULLIS_CLUSTER_DIR names another folder, for a second cluster. @throws Error for an unusable one */
export const clusterFolder = (env: Readonly<Record<string, string | undefined>>): ClusterFolder => {
  const root = path.resolve(env['PORTCULLIS_CLUSTER_DIR'] || DEFAULT_ROOT);
  if (root === '/' || root === '/run' || root.startsWith('/run/') || root.startsWith('/proc/'))
    throw new Error(`PORTCULLIS_CLUSTER_DIR=${root}: the folder must be on a disk, not below /run or /proc`);
  const below = (name: string): string => path.join(root, name);
  return {
    root,
    record: below('cluster.json'),
    kubeconfig: below('kubeconfig'),
    logs: below('log'),
    pki: below('pki'),
    etcd: below('etcd'),
    images: below('images'),
    nodes: below('nodes'),
  };
};

export const nodeFolder = (folder: ClusterFolder, node: string): string => path.join(folder.nodes, node);
