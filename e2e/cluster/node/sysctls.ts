import path from 'node:path';

/** A file that covers a sysctl of the whole machine in a node's view. */
export interface SysctlShadow {
  /** As in `kernel/panic`, below /proc/sys. */
  readonly key: string;
  /** What the kubelet wants to find there. */
  readonly value: string;
}

/**
 * What a kubelet sets at its start and a node of ours must not, because these belong to the machine (setupKernelTunables in
 * pkg/kubelet/cm/container_manager_linux.go).
 */
export const SYSCTL_SHADOWS: readonly SysctlShadow[] = [
  { key: 'vm/overcommit_memory', value: '1' },
  { key: 'vm/panic_on_oom', value: '0' },
  { key: 'kernel/panic', value: '10' },
  { key: 'kernel/panic_on_oops', value: '1' },
  { key: 'kernel/keys/root_maxkeys', value: '1000000' },
  { key: 'kernel/keys/root_maxbytes', value: '25000000' },
];

/** The covering file, inside the node. */
export const shadowFile = (key: string): string => path.join('/etc/sysctl-shadows', key.replaceAll('/', '.'));
