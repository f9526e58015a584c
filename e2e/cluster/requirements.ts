import { access, constants } from 'node:fs/promises';
import path from 'node:path';

/** Programs of this machine that a cluster needs, and Debian's packages with them. */
const NEEDED: readonly (readonly [program: string, debianPackage: string])[] = [
  ['containerd', 'containerd'],
  ['ctr', 'containerd'],
  ['runc', 'runc'],
  ['/usr/lib/cni/ptp', 'containernetworking-plugins'],
  ['tini', 'tini'],
  ['etcd', 'etcd-server'],
  ['nft', 'nftables'],
  ['iptables', 'iptables'],
  ['conntrack', 'conntrack'],
  ['openssl', 'openssl'],
  ['busybox', 'busybox-static'],
  ['curl', 'curl'],
  ['ip', 'iproute2'],
  ['unshare', 'util-linux'],
  ['tar', 'tar'],
];

const isThere = async (program: string): Promise<boolean> => {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const files = program.startsWith('/') ? [program] : folders.map((folder) => path.join(folder, program));
  const found = await Promise.all(
    files.map((file) =>
      access(file, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return found.includes(true);
};

/** @throws Error that says what a cluster lacks on this machine */
export const assertRequirements = async (): Promise<void> => {
  if (process.getuid?.() !== 0)
    throw new Error('a cluster of real nodes needs root: containers get control groups and file systems of their own');
  const missing: string[] = [];
  for (const [program, debianPackage] of NEEDED) {
    if (!(await isThere(program))) missing.push(debianPackage);
  }
  if (missing.length > 0) throw new Error(`missing packages: apt-get install ${[...new Set(missing)].join(' ')}`);
};
