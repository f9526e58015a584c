import { generateKeyPairSync } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ClusterFolder } from '../folder.ts';
import { apiUrl, type ClusterPlan } from '../plan.ts';
import { type Authority, createAuthority, type Holder, type KeyPair } from './certificates.ts';
import { writeKubeconfig } from './kubeconfig.ts';

/** The certificates and keys of a cluster's programs. */
export interface Credentials {
  readonly authority: string;
  readonly apiServer: KeyPair;
  /** The API server's own certificate as a client of kubelets. */
  readonly kubeletClient: KeyPair;
  /** Signs service account tokens. */
  readonly serviceAccountKey: string;
  readonly controllerManager: string;
  readonly scheduler: string;
  readonly proxy: string;
  /** The administrator's kubeconfig for programs inside the cluster's namespaces. */
  readonly admin: string;
  /** Returns the kubeconfig of a node's kubelet. @throws Error for an unknown node */
  readonly kubelet: (node: string) => string;
}

const SERVICE_NAMES = [
  'kubernetes',
  'kubernetes.default',
  'kubernetes.default.svc',
  'kubernetes.default.svc.cluster.local',
];

/** Names of this machine's loopback, where `up` listens for the API server. */
const LOOPBACK = ['localhost', '127.0.0.1'];

/** A holder in the group that RBAC never restricts. */
const ADMIN: Holder = { name: 'kubernetes-admin', group: 'system:masters' };

/** Returns a holder in the group by which Node authorization and admission recognize kubelets. */
const kubeletOf = (node: string): Holder => ({ name: `system:node:${node}`, group: 'system:nodes' });

const writeSigningKey = async (file: string): Promise<void> => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(file, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
};

/** Makes an authority and all keys. @param loopbackUrl the API server's URL on the machine itself */
export const createCredentials = async (
  folder: ClusterFolder,
  plan: ClusterPlan,
  loopbackUrl: string,
): Promise<Credentials> => {
  await mkdir(folder.pki, { recursive: true, mode: 0o700 });
  const authority: Authority = await createAuthority(folder.pki);
  const serviceAccountKey = path.join(folder.pki, 'service-account.key');
  const url = apiUrl(plan);

  const issueKubeconfig = async (name: string, holder: Holder): Promise<string> => {
    const file = path.join(folder.pki, `${name}.kubeconfig`);
    await writeKubeconfig({ file, url, authority, user: await authority.issue(name, holder) });
    return file;
  };

  const servesAs = [...SERVICE_NAMES, ...LOOPBACK, ...plan.apiAddresses, ...plan.apiServiceIps];
  const [apiServer, kubeletClient, controllerManager, scheduler, proxy, admin, kubelets] = await Promise.all([
    authority.issue('apiserver', { name: 'kube-apiserver', servesAs }),
    authority.issue('apiserver-kubelet-client', { name: 'kube-apiserver-kubelet-client', group: 'system:masters' }),
    issueKubeconfig('controller-manager', { name: 'system:kube-controller-manager' }),
    issueKubeconfig('scheduler', { name: 'system:kube-scheduler' }),
    issueKubeconfig('proxy', { name: 'system:kube-proxy' }),
    issueKubeconfig('admin', ADMIN),
    Promise.all(
      plan.nodes.map(async ({ name }) => [name, await issueKubeconfig(`kubelet-${name}`, kubeletOf(name))] as const),
    ),
    writeSigningKey(serviceAccountKey),
  ]);
  await writeKubeconfig({
    file: folder.kubeconfig,
    url: loopbackUrl,
    authority,
    user: await authority.issue('admin-loopback', ADMIN),
  });
  const ofKubelets = new Map(kubelets);
  return {
    authority: authority.cert,
    apiServer,
    kubeletClient,
    serviceAccountKey,
    controllerManager,
    scheduler,
    proxy,
    admin,
    kubelet(node) {
      const file = ofKubelets.get(node);
      if (file === undefined) throw new Error(`cluster: there is no kubeconfig for ${node}`);
      return file;
    },
  };
};
