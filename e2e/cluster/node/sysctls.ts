import path from 'node:path';

/** A file that hides a sysctl of the whole machine from a node. */
export interface SysctlShadow {
  /** Path below /proc/sys, such as `kernel/panic`. */
  readonly key: string;
  /** The value that the kubelet expects. */
  readonly value: string;
}

/**
 * The sysctls that a kubelet sets at its start and that a node of ours must not change, because they belong to the machine
 * (setupKernelTunables in pkg/kubelet/cm/container_manager_linux.go).
 */
export const SYSCTL_SHADOWS: readonly SysctlShadow[] = [
  { key: 'vm/overcommit_memory', value: '1' },
  { key: 'vm/panic_on_oom', value: '0' },
  { key: 'kernel/panic', value: '10' },
  { key: 'kernel/panic_on_oops', value: '1' },
  { key: 'kernel/keys/root_maxkeys', value: '1000000' },
  { key: 'kernel/keys/root_maxbytes', value: '25000000' },
];

/** Returns the hiding file, inside the node. */
export const shadowFile = (key: string): string => path.join('/etc/sysctl-shadows', key.replaceAll('/', '.'));
