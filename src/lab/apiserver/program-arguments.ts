import path from 'node:path';

/** The content of an API server's folder. */
export interface Layout {
  readonly data: string;
  readonly certificates: string;
  readonly signingKey: string;
  readonly tokens: string;
  readonly kubeconfig: string;
  readonly etcdLog: string;
  readonly serverLog: string;
}

export const layoutOf = (dir: string): Layout => ({
  data: path.join(dir, 'etcd'),
  certificates: path.join(dir, 'certificates'),
  signingKey: path.join(dir, 'service-account.key'),
  tokens: path.join(dir, 'tokens.csv'),
  kubeconfig: path.join(dir, 'kubeconfig'),
  etcdLog: path.join(dir, 'etcd.log'),
  serverLog: path.join(dir, 'kube-apiserver.log'),
});

/** A PEM file: kube-apiserver signs its own certificate and appends the authority to it. */
export const certificateFile = (layout: Layout): string => path.join(layout.certificates, 'apiserver.crt');

/** Kubernetes' own default for test clusters; no Service is reachable here. */
const SERVICE_RANGE = '10.96.0.0/16';

/** Arguments of a single etcd, whose data is lost with the machine. */
export const etcdArguments = (data: string, clientUrl: string, peerUrl: string): readonly string[] => [
  `--data-dir=${data}`,
  `--listen-client-urls=${clientUrl}`,
  `--advertise-client-urls=${clientUrl}`,
  `--listen-peer-urls=${peerUrl}`,
  `--initial-advertise-peer-urls=${peerUrl}`,
  `--initial-cluster=default=${peerUrl}`,
  // The data does not outlive the machine anyway.
  '--unsafe-no-fsync',
  '--logger=zap',
  '--log-level=warn',
];

export const apiServerArguments = (
  layout: Layout,
  address: string,
  port: number,
  etcdUrl: string,
): readonly string[] => [
  `--etcd-servers=${etcdUrl}`,
  `--bind-address=${address}`,
  `--advertise-address=${address}`,
  `--secure-port=${port}`,
  `--cert-dir=${layout.certificates}`,
  `--token-auth-file=${layout.tokens}`,
  '--authorization-mode=RBAC',
  // No controller creates service accounts here, and without them the plugin would refuse every pod.
  '--disable-admission-plugins=ServiceAccount',
  '--allow-privileged=true',
  // It would refuse a loopback address as the endpoint of the kubernetes Service.
  '--endpoint-reconciler-type=none',
  `--service-cluster-ip-range=${SERVICE_RANGE}`,
  '--service-account-issuer=https://kubernetes.default.svc',
  `--service-account-key-file=${layout.signingKey}`,
  `--service-account-signing-key-file=${layout.signingKey}`,
  '--profiling=false',
];
