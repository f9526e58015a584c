import path from 'node:path';
import { etcdArguments } from '../../../src/lab/apiserver/program-arguments.ts';
import type { ClusterFolder } from '../folder.ts';
import { API_PORT, type ClusterPlan } from '../plan.ts';
import type { Credentials } from './credentials.ts';

/** A program and its arguments. */
export interface ProgramCall {
  readonly name: string;
  readonly args: readonly string[];
}

const ETCD_CLIENT = 'http://127.0.0.1:2379';
const ETCD_PEER = 'http://127.0.0.1:2380';

export const etcdCall = (folder: ClusterFolder): ProgramCall => ({
  name: 'etcd',
  args: etcdArguments(folder.etcd, ETCD_CLIENT, ETCD_PEER),
});

export const apiServerCall = (plan: ClusterPlan, credentials: Credentials): ProgramCall => {
  const { apiServer, authority, kubeletClient, serviceAccountKey } = credentials;
  return {
    name: 'kube-apiserver',
    args: [
      `--etcd-servers=${ETCD_CLIENT}`,
      '--bind-address=::',
      `--advertise-address=${plan.apiAddresses[0] ?? ''}`,
      `--secure-port=${String(API_PORT)}`,
      `--tls-cert-file=${apiServer.cert}`,
      `--tls-private-key-file=${apiServer.key}`,
      `--client-ca-file=${authority}`,
      '--authorization-mode=Node,RBAC',
      '--enable-admission-plugins=NodeRestriction',
      '--allow-privileged=true',
      `--service-cluster-ip-range=${plan.serviceCidrs.join(',')}`,
      '--service-account-issuer=https://kubernetes.default.svc.cluster.local',
      `--service-account-key-file=${serviceAccountKey}`,
      `--service-account-signing-key-file=${serviceAccountKey}`,
      // Kubelets sign their serving certificates themselves; the path to them is inside our own namespaces.
      `--kubelet-client-certificate=${kubeletClient.cert}`,
      `--kubelet-client-key=${kubeletClient.key}`,
      '--kubelet-preferred-address-types=InternalIP',
      '--profiling=false',
    ],
  };
};

export const controllerManagerCall = (plan: ClusterPlan, credentials: Credentials): ProgramCall => ({
  name: 'kube-controller-manager',
  args: [
    `--kubeconfig=${credentials.controllerManager}`,
    `--authentication-kubeconfig=${credentials.controllerManager}`,
    `--authorization-kubeconfig=${credentials.controllerManager}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    '--use-service-account-credentials=true',
    `--service-account-private-key-file=${credentials.serviceAccountKey}`,
    `--root-ca-file=${credentials.authority}`,
    `--service-cluster-ip-range=${plan.serviceCidrs.join(',')}`,
    // Nodes are created with their ranges, because their CNI configuration needs them too.
    '--allocate-node-cidrs=false',
    '--profiling=false',
  ],
});

export const schedulerCall = (credentials: Credentials): ProgramCall => ({
  name: 'kube-scheduler',
  args: [
    `--kubeconfig=${credentials.scheduler}`,
    `--authentication-kubeconfig=${credentials.scheduler}`,
    `--authorization-kubeconfig=${credentials.scheduler}`,
    '--bind-address=127.0.0.1',
    '--leader-elect=false',
    '--profiling=false',
  ],
});

/** Returns arguments of kubectl with an administrator's kubeconfig. */
export const kubectlArgs = (kubeconfig: string, args: readonly string[]): readonly string[] => [
  `--kubeconfig=${kubeconfig}`,
  // kubectl caches what it learned of an API server by address, and the next cluster may have the same address.
  `--cache-dir=${path.join(path.dirname(kubeconfig), 'kubectl-cache')}`,
  ...args,
];
