import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import type { Binaries } from './binaries.ts';
import { type AdminClient, createAdminClient } from './client.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { freePorts } from './free-ports.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { makeMemoryFolder } from './memory-folder.ts';
import { apiServerArguments, certificateFile, etcdArguments, layoutOf } from './program-arguments.ts';
import { untilReady } from './ready.ts';

/** A user who can log in by token; RBAC objects grant the rights. */
export interface UserToken {
  readonly token: string;
  readonly user: string;
  readonly groups: readonly string[];
}

export interface ApiServerSettings {
  readonly binaries: Binaries;
  /** Where kube-apiserver listens: an address of this network namespace; 127.0.0.1 if absent. */
  readonly address?: string;
  /** Folder for data, keys and logs, which is kept. If absent, a folder in memory that is removed at the end. */
  readonly dir?: string;
  /** Further flags of kube-apiserver, such as `--event-ttl=5m`; they come last, so they override others. */
  readonly extraArgs?: readonly string[];
  /** Users beside the administrator. */
  readonly tokens?: readonly UserToken[];
}

/** A running etcd and kube-apiserver. */
export interface ApiServer {
  readonly url: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca: string;
  /** An administrator's kubeconfig, for kubectl and agents. */
  readonly kubeconfigPath: string;
  readonly admin: AdminClient;
  /** URL of etcd's JSON gateway, plain HTTP. */
  readonly etcdUrl: string;
  /** Returns the process id of kube-apiserver; a different one after `resume`. */
  pid(): number;
  /** Kills kube-apiserver only, like a crash; the data stays in etcd. */
  halt(): Promise<void>;
  /** Starts it again at the same address, and waits until it is ready. */
  resume(): Promise<void>;
  /** Ends everything, and removes the folder if it is ours. */
  stop(): Promise<void>;
}

/** Readable by their owner only. */
const SECRET = { mode: 0o600 };

const signingKey = (): string =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'sec1', format: 'pem' }).toString();

/** Returns lines in the format of --token-auth-file. */
const tokenLines = (tokens: readonly UserToken[]): string =>
  tokens.map(({ token, user, groups }) => `${token},${user},${user},"${groups.join(',')}"\n`).join('');

/**
 * Starts a real API server for tests and the playground: TLS with a certificate of its own, tokens, RBAC. The
 * ServiceAccount admission plugin is off, so that pods can be created without service accounts. No controllers, scheduler or
 * kubelets run: whoever creates a pod sets its node and status.
 *
 * @throws Error with the last output of the program that failed; the system's error if nothing can listen at `address`
 */
export const startApiServer = async (settings: ApiServerSettings): Promise<ApiServer> => {
  const { binaries, address = '127.0.0.1', extraArgs = [], tokens = [] } = settings;
  const [port = 0] = await freePorts(address, 1);
  const [clientPort = 0, peerPort = 0] = await freePorts('127.0.0.1', 2);
  const etcdUrl = `http://127.0.0.1:${clientPort}`;
  const url = `https://${isIPv6(address) ? `[${address}]` : address}:${port}`;
  const dir = settings.dir ?? (await makeMemoryFolder());
  const layout = layoutOf(dir);
  const token = randomBytes(16).toString('hex');
  await mkdir(dir, { recursive: true });
  await writeFile(layout.signingKey, signingKey(), SECRET);
  await writeFile(layout.tokens, tokenLines([{ token, user: 'admin', groups: ['system:masters'] }, ...tokens]), SECRET);

  const startServer = (): Daemon => {
    const args = [...apiServerArguments(layout, address, port, etcdUrl), ...extraArgs];
    return startDaemon('kube-apiserver', binaries.kubeApiserver, args, layout.serverLog);
  };
  const readClientSettings = async (): Promise<{ url: string; ca: string; token: string } | undefined> => {
    const ca = await readFile(certificateFile(layout), 'utf8').catch(() => undefined);
    return ca === undefined ? undefined : { url, ca, token };
  };

  const etcd = startDaemon(
    'etcd',
    binaries.etcd,
    etcdArguments(layout.data, etcdUrl, `http://127.0.0.1:${peerPort}`),
    layout.etcdLog,
  );
  let server = startServer();
  const stopAll = async (): Promise<void> => {
    await Promise.all([server.stop(), etcd.stop()]);
    if (settings.dir === undefined) await rm(dir, { recursive: true, force: true });
  };
  try {
    const client = await untilReady(server, readClientSettings);
    await writeFile(layout.kubeconfig, kubeconfigText(client), SECRET);
    const admin = createAdminClient(client);
    return {
      url,
      ca: client.ca,
      kubeconfigPath: layout.kubeconfig,
      admin,
      etcdUrl,
      pid: () => server.pid,
      halt: () => server.stop(),
      async resume() {
        server = startServer();
        await untilReady(server, readClientSettings);
      },
      async stop() {
        admin.close();
        await stopAll();
      },
    };
  } catch (error) {
    await stopAll();
    throw error;
  }
};
