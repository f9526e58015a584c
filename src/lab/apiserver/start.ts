import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { access, constants, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Binaries } from './binaries.ts';
import { type AdminClient, type ClientSettings, createAdminClient } from './client.ts';
import { type Daemon, logTail, startDaemon } from './daemon.ts';
import { freePorts } from './free-ports.ts';
import { kubeconfigText } from './kubeconfig.ts';

export interface ApiServerSettings {
  readonly binaries: Binaries;
  /** Where kube-apiserver listens, an address of this network namespace; 127.0.0.1 if absent. */
  readonly address?: string;
  /** Holds data, keys and logs, and is kept. If absent, a folder in memory that goes at stop. */
  readonly dir?: string;
  /** Further flags of kube-apiserver, as in `--event-ttl=5m`; they come last, so they win. */
  readonly extraArgs?: readonly string[];
  /** User names and groups that may log in beside the administrator, by token. */
  readonly tokens?: readonly UserToken[];
}

export interface UserToken {
  readonly token: string;
  readonly user: string;
  readonly groups: readonly string[];
}

/** A running etcd and kube-apiserver. */
export interface ApiServer {
  readonly url: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** For kubectl and agents: an administrator. */
  readonly kubeconfigPath: string;
  readonly admin: AdminClient;
  /** Of etcd's JSON gateway, plain HTTP. */
  readonly etcdUrl: string;
  /** The process of kube-apiserver; another one after `restart`. */
  pid(): number;
  /** Ends kube-apiserver alone, as a crash would; the data stays in etcd. */
  halt(): Promise<void>;
  /** Starts it again, at the same address. */
  resume(): Promise<void>;
  /** Ends everything and removes the folder, if it is ours. */
  stop(): Promise<void>;
}

/** Kubernetes' own default for test clusters; nothing here serves it. */
const SERVICE_RANGE = '10.96.0.0/16';
const READY_MS = 60_000;
const POLL_MS = 100;

const makeFolder = async (): Promise<string> => {
  const memory = '/dev/shm';
  const parent = await access(memory, constants.W_OK).then(
    () => memory,
    () => tmpdir(),
  );
  return mkdtemp(path.join(parent, 'portcullis-apiserver-'));
};

const writeSigningKey = async (file: string): Promise<void> => {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  await writeFile(file, privateKey.export({ type: 'sec1', format: 'pem' }), { mode: 0o600 });
};

const writeTokens = async (file: string, tokens: readonly UserToken[]): Promise<void> => {
  const lines = tokens.map(({ token, user, groups }) => `${token},${user},${user},"${groups.join(',')}"`);
  await writeFile(file, `${lines.join('\n')}\n`, { mode: 0o600 });
};

const startEtcd = (binary: string, dir: string, clientUrl: string, peerUrl: string): Daemon =>
  startDaemon(
    'etcd',
    binary,
    [
      `--data-dir=${path.join(dir, 'etcd')}`,
      `--listen-client-urls=${clientUrl}`,
      `--advertise-client-urls=${clientUrl}`,
      `--listen-peer-urls=${peerUrl}`,
      `--initial-advertise-peer-urls=${peerUrl}`,
      `--initial-cluster=default=${peerUrl}`,
      '--unsafe-no-fsync',
      '--logger=zap',
      '--log-level=warn',
    ],
    path.join(dir, 'etcd.log'),
  );

/** Polls until `ready` holds. @throws Error with the daemon's last words when it ended, or the deadline passed. */
const until = async (daemon: Daemon, ready: () => Promise<boolean>): Promise<void> => {
  const deadline = performance.now() + READY_MS;
  let end: string | undefined;
  void daemon.ended.then((reason) => {
    end = reason;
  });
  for (;;) {
    if (await ready().catch(() => false)) return;
    const late =
      performance.now() > deadline ? `${daemon.name} was not ready after ${String(READY_MS / 1000)} s` : undefined;
    const reason = end ?? late;
    if (reason !== undefined) throw new Error(`${reason}; its last words:\n${await logTail(daemon)}`);
    await delay(POLL_MS);
  }
};

/** Ready, and the namespace that objects go to by default is there. */
const isReady = async (client: ClientSettings): Promise<boolean> => {
  const probe = createAdminClient(client);
  try {
    await probe.get('/readyz');
    await probe.get('/api/v1/namespaces/default');
    return true;
  } finally {
    probe.close();
  }
};

/**
 * Starts a real API server for tests and the playground: TLS with a certificate of its own, tokens, RBAC. The
 * ServiceAccount admission plugin is off, so pods can be created where no controller makes service accounts. No
 * controllers, scheduler or kubelets run: pods get a node and a status from whoever creates them.
 *
 * @throws Error with the last words of the program that failed.
 */
export const startApiServer = async (settings: ApiServerSettings): Promise<ApiServer> => {
  const { binaries, address = '127.0.0.1', extraArgs = [], tokens = [] } = settings;
  const dir = settings.dir ?? (await makeFolder());
  await mkdir(dir, { recursive: true });
  const [port = 0] = await freePorts(address, 1);
  const [clientPort = 0, peerPort = 0] = await freePorts('127.0.0.1', 2);
  const etcdUrl = `http://127.0.0.1:${String(clientPort)}`;
  const url = `https://${isIPv6(address) ? `[${address}]` : address}:${String(port)}`;
  const token = randomBytes(16).toString('hex');
  const keyFile = path.join(dir, 'service-account.key');
  const tokenFile = path.join(dir, 'tokens.csv');
  const certDir = path.join(dir, 'certs');
  await writeSigningKey(keyFile);
  await writeTokens(tokenFile, [{ token, user: 'admin', groups: ['system:masters'] }, ...tokens]);

  const startServer = (): Daemon =>
    startDaemon(
      'kube-apiserver',
      binaries.kubeApiserver,
      [
        `--etcd-servers=${etcdUrl}`,
        `--bind-address=${address}`,
        `--advertise-address=${address}`,
        `--secure-port=${String(port)}`,
        `--cert-dir=${certDir}`,
        `--token-auth-file=${tokenFile}`,
        '--authorization-mode=RBAC',
        '--disable-admission-plugins=ServiceAccount',
        '--allow-privileged=true',
        '--endpoint-reconciler-type=none',
        `--service-cluster-ip-range=${SERVICE_RANGE}`,
        '--service-account-issuer=https://kubernetes.default.svc',
        `--service-account-key-file=${keyFile}`,
        `--service-account-signing-key-file=${keyFile}`,
        '--profiling=false',
        ...extraArgs,
      ],
      path.join(dir, 'kube-apiserver.log'),
    );

  const readCa = (): Promise<string> => readFile(path.join(certDir, 'apiserver.crt'), 'utf8');
  const ready = (daemon: Daemon): Promise<void> =>
    until(daemon, async () => isReady({ url, ca: await readCa(), token }));

  const etcd = startEtcd(binaries.etcd, dir, etcdUrl, `http://127.0.0.1:${String(peerPort)}`);
  let server = startServer();
  const stopAll = async (): Promise<void> => {
    await server.stop();
    await etcd.stop();
    if (settings.dir === undefined) await rm(dir, { recursive: true, force: true });
  };
  try {
    await ready(server);
  } catch (error) {
    await stopAll();
    throw error;
  }

  const ca = await readCa();
  const admin = createAdminClient({ url, ca, token });
  const kubeconfigPath = path.join(dir, 'kubeconfig');
  await writeFile(kubeconfigPath, kubeconfigText({ url, ca, token }), { mode: 0o600 });
  return {
    url,
    ca,
    kubeconfigPath,
    admin,
    etcdUrl,
    pid: () => server.pid,
    halt: () => server.stop(),
    async resume() {
      server = startServer();
      await ready(server);
    },
    async stop() {
      admin.close();
      await stopAll();
    },
  };
};
