import { cp, mkdir, readdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { hasCode } from '../error-code.ts';
import { PAUSE_IMAGE } from '../images/names.ts';
import { cniConfigList } from './cni.ts';
import { containerdConfig } from './containerd.ts';
import { kubeletConfig } from './kubelet.ts';
import { kubeProxyConfig } from './kube-proxy.ts';
import { NODE_PATHS, type NodeSpec } from './spec.ts';
import { SYSCTL_SHADOWS, shadowFile } from './sysctls.ts';

/** The folder of Debian's containernetworking-plugins. */
const PLUGINS = '/usr/lib/cni';

/** Folders of the root that usr-merged distributions replace by links into /usr. */
const MERGED = ['bin', 'sbin', 'lib', 'lib64'];

const EMPTY_FOLDERS = [
  'dev',
  'proc',
  'sys',
  'run',
  'tmp',
  'usr',
  'images',
  'opt/kubernetes',
  'opt/cni/bin',
  'etc/alternatives',
  'etc/cni/net.d',
  'etc/containerd',
  'etc/kubernetes',
  'etc/sysctl-shadows',
  'root',
  'var/lib',
  'var/log',
];

/** Files of this machine that a node's programs read; missing ones are skipped. */
const COPIED = ['/etc/ld.so.cache', '/etc/os-release', '/etc/protocols', '/etc/services', '/etc/nsswitch.conf'];

const copyIfThere = async (from: string, to: string): Promise<void> => {
  await cp(from, to, { dereference: true }).catch((error: unknown) => {
    if (!hasCode(error, 'ENOENT')) throw error;
  });
};

const linkOnce = async (target: string, at: string): Promise<void> => {
  await symlink(target, at).catch((error: unknown) => {
    if (!hasCode(error, 'EEXIST')) throw error;
  });
};

const textFiles = (spec: NodeSpec): Readonly<Record<string, string>> => ({
  '/etc/hostname': `${spec.plan.name}\n`,
  '/etc/hosts': `127.0.0.1 localhost\n::1 localhost\n${spec.plan.ips.map((ip) => `${ip} ${spec.plan.name}\n`).join('')}`,
  // Nothing outside is reachable, so there is no name server.
  '/etc/resolv.conf': '',
  '/etc/passwd': 'root:x:0:0:root:/root:/bin/sh\n',
  '/etc/group': 'root:x:0:\n',
  [path.join(NODE_PATHS.cniConfig, '10-pods.conflist')]: cniConfigList(
    spec.settings.cni,
    spec.cluster.families,
    spec.plan.podCidrs,
  ),
  [NODE_PATHS.containerdConfig]: containerdConfig(PAUSE_IMAGE),
  [NODE_PATHS.kubeletConfig]: kubeletConfig(spec),
  [NODE_PATHS.proxyConfig]: kubeProxyConfig(spec),
  ...Object.fromEntries(SYSCTL_SHADOWS.map(({ key, value }) => [shadowFile(key), `${value}\n`])),
});

/** Writes a node's root folder: what a distribution's installer and kubeadm would have put on its disk. */
export const writeDisk = async (spec: NodeSpec): Promise<void> => {
  const at = (file: string): string => path.join(spec.disk, file);
  for (const folder of EMPTY_FOLDERS) await mkdir(at(folder), { recursive: true });
  for (const name of MERGED) await linkOnce(`usr/${name}`, at(name));
  for (const name of await readdir(PLUGINS)) {
    await linkOnce(path.join(PLUGINS, name), at(path.join(NODE_PATHS.cniPlugins, name)));
  }
  for (const file of COPIED) await copyIfThere(file, at(file));
  for (const [file, text] of Object.entries(textFiles(spec))) await writeFile(at(file), text);
  await copyIfThere(spec.credentials.authority, at(NODE_PATHS.authority));
  await copyIfThere(spec.credentials.kubelet, at(NODE_PATHS.kubeletKubeconfig));
  await copyIfThere(spec.credentials.proxy, at(NODE_PATHS.proxyKubeconfig));
};
