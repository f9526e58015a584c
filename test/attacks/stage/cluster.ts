import { mkdir, mkdtemp, rename, rm, unlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { removeFolder } from '../../support/clean-up.ts';
import type { IpFamily } from '../../../src/model/family.ts';
import { addressOf, deviceOf, type Machine, NODES, nodeOf, type Pod, POD_NAMES, PODS, uidOf } from './cast.ts';
import { clusterManifests, versionManifest } from './manifests.ts';
import type { Interfaces } from './scene.ts';
import { familiesOf, type Setting } from './setting.ts';

/** The folder of manifests that the agents follow, and libcni's results of their pods. */
export interface Cluster {
  readonly manifests: string;
  /** The folder of a node's results. */
  results(node: string): string;
  /**
   * Writes objects by name; undefined removes one.
   * @returns the version that agents have applied once they have read all of it
   */
  write(objects: Readonly<Record<string, object | undefined>>): Promise<number>;
  /** Restores the initial state. @returns as `write` */
  restore(): Promise<number>;
  /** Writes or removes libcni's record of a pod. */
  writeResult(pod: Pod, there: boolean): Promise<void>;
  close(): Promise<void>;
}

/** Libcni's record of a pod that the bridge or ptp plugin attached (CNI 1.0.0, `cniCacheV1`). */
const cniResult = (
  pod: Pod,
  { network }: Setting,
  families: readonly IpFamily[],
  macs: ReadonlyMap<Machine, Interfaces>,
): object => {
  const node = nodeOf(pod) ?? 'node1';
  const nodeEnd = (name: string) => ({ name, mac: macs.get(node)?.get(name) });
  const interfaces = [
    ...(network === 'routed' ? [] : [nodeEnd('cni0')]),
    nodeEnd(deviceOf(pod)),
    { name: 'eth0', mac: macs.get(pod)?.get('eth0'), sandbox: `/run/netns/${pod}` },
  ];
  return {
    kind: 'cniCacheV1',
    containerId: pod,
    ifName: 'eth0',
    networkName: 'net',
    netns: `/run/netns/${pod}`,
    cniArgs: [
      ['IgnoreUnknown', '1'],
      ['K8S_POD_NAMESPACE', PODS[pod].namespace],
      ['K8S_POD_NAME', pod],
      ['K8S_POD_INFRA_CONTAINER_ID', pod],
      ['K8S_POD_UID', uidOf(pod)],
    ],
    result: {
      cniVersion: '1.0.0',
      interfaces,
      ips: families.map((family) => ({
        interface: interfaces.length - 1,
        address: `${addressOf(pod, family)}/${family === 'ipv4' ? 24 : 64}`,
      })),
      dns: {},
    },
  };
};

/** Replaces a file atomically, so that nobody reads half of it. */
const replaceFile = async (file: string, content: object): Promise<void> => {
  const fresh = path.join(path.dirname(file), `.${path.basename(file)}.new`);
  await writeFile(fresh, JSON.stringify(content));
  await rename(fresh, file);
};

export const openCluster = async (setting: Setting, macs: ReadonlyMap<Machine, Interfaces>): Promise<Cluster> => {
  const families = familiesOf(setting.families);
  const folder = await mkdtemp(path.join(tmpdir(), 'portcullis-attacks-'));
  const manifests = path.join(folder, 'manifests');
  const results = (node: string): string => path.join(folder, `cni-${node}`);
  const original = clusterManifests(families);
  const written = new Set<string>();
  let version = 0;
  for (const each of [manifests, ...NODES.map(results)]) await mkdir(each);

  const fileOf = (name: string): string => path.join(manifests, `${name}.json`);

  const write: Cluster['write'] = async (objects) => {
    for (const [name, object] of Object.entries(objects)) {
      if (object !== undefined) {
        await replaceFile(fileOf(name), object);
        written.add(name);
      } else if (written.delete(name)) {
        await unlink(fileOf(name));
      }
    }
    version += 1;
    // Written last: an agent that has read this version has read everything written before.
    await replaceFile(fileOf('version'), versionManifest(version));
    return version;
  };

  const writeResult: Cluster['writeResult'] = async (pod, there) => {
    const file = path.join(results(nodeOf(pod) ?? 'node1'), `net-${pod}-eth0`);
    if (there) await replaceFile(file, cniResult(pod, setting, families, macs));
    else await rm(file, { force: true });
  };

  if (setting.network !== 'bridge-blind') for (const pod of POD_NAMES) await writeResult(pod, true);

  const cluster: Cluster = {
    manifests,
    results,
    write,
    restore: () => {
      const strange = [...written].filter((name) => !original.has(name));
      return write({
        ...Object.fromEntries(strange.map((name) => [name, undefined])),
        ...Object.fromEntries(original),
      });
    },
    writeResult,
    close: () => removeFolder(folder),
  };
  await cluster.restore();
  return cluster;
};
