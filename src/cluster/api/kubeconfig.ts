import { readFile } from 'node:fs/promises';
import path from 'node:path';
import {
  type Cluster,
  newClusters,
  newContexts,
  newUsers,
  type User,
} from '@kubernetes/client-node/dist/config_types.js';
import { messageOf } from '../error-text.ts';
import { asList, asObject, asText, type RawObject } from '../raw.ts';
import { type ApiConnection, ConnectionError } from './connection.ts';
import { createConnection } from './credentials.ts';

/** Fields of a kubeconfig that name files, relative to the kubeconfig itself (client-go clientcmd). */
const FILE_FIELDS = ['certificate-authority', 'client-certificate', 'client-key', 'token-file', 'tokenFile'];

const withAbsoluteFiles = (entry: unknown, field: 'cluster' | 'user', folder: string): RawObject => {
  const raw = asObject(entry);
  const body = Object.entries(asObject(raw[field])).map(([key, value]): [string, unknown] => {
    const file = FILE_FIELDS.includes(key) ? asText(value) : undefined;
    if (file === undefined || file === '') return [key, value];
    // client-go spells it tokenFile; client-node reads token-file.
    return [key === 'tokenFile' ? 'token-file' : key, path.resolve(folder, file)];
  });
  return { ...raw, [field]: Object.fromEntries(body) };
};

/** Parses a kubeconfig, which is YAML. JSON is tried first, because it needs no parser to be loaded. */
const parseText = async (text: string): Promise<unknown> => {
  if (text.trimStart().startsWith('{')) return JSON.parse(text) as unknown;
  const { parseYaml } = await import('./parse-yaml.ts');
  return parseYaml(text);
};

interface Chosen {
  readonly cluster: Cluster;
  readonly user: User;
}

const choose = (content: unknown, file: string, folder: string): Chosen => {
  const raw = asObject(content);
  const current = asText(raw['current-context']);
  const context = newContexts(raw['contexts']).find(({ name }) => name === current);
  if (current === undefined || current === '') throw new ConnectionError(`${file}: current-context is not set`);
  if (context === undefined) throw new ConnectionError(`${file}: current-context "${current}" is not among contexts`);
  const clusters = newClusters(asList(raw['clusters']).map((entry) => withAbsoluteFiles(entry, 'cluster', folder)));
  const users = newUsers(asList(raw['users']).map((entry) => withAbsoluteFiles(entry, 'user', folder)));
  const cluster = clusters.find(({ name }) => name === context.cluster);
  const user = users.find(({ name }) => name === context.user);
  if (cluster === undefined) {
    throw new ConnectionError(`${file}: context "${current}" names cluster "${context.cluster}", which is not there`);
  }
  if (user === undefined) {
    throw new ConnectionError(`${file}: context "${current}" names user "${context.user}", which is not there`);
  }
  if (!URL.canParse(cluster.server)) {
    throw new ConnectionError(`${file}: cluster "${cluster.name}": server "${cluster.server}" is not a URL`);
  }
  return { cluster, user };
};

/**
 * Reports whether client-node's own class is needed, which is loaded only then: for proxies and old auth-provider
 * plugins (gcp, azure, oidc).
 */
const needsWholeClient = ({ cluster, user }: Chosen): boolean =>
  Boolean(cluster.proxyUrl) || Boolean(user.authProvider);

/** A kubeconfig that was read. */
export interface KubeconfigText {
  readonly text: string;
  /** Of the file or what else it came from, for errors. */
  readonly name: string;
  /** Paths in it are relative to this folder. */
  readonly folder: string;
}

/**
 * Connects as the current context of a kubeconfig says.
 *
 * @throws ConnectionError that names the missing or wrong entry
 */
export const connectByKubeconfigText = async ({ text, name, folder }: KubeconfigText): Promise<ApiConnection> => {
  try {
    const chosen = choose(await parseText(text), name, folder);
    if (needsWholeClient(chosen)) {
      const { connectWithWholeClient } = await import('./whole-client.ts');
      return connectWithWholeClient(text, folder, chosen.cluster.server);
    }
    return createConnection(chosen.cluster, chosen.user);
  } catch (error) {
    if (error instanceof ConnectionError) throw error;
    throw new ConnectionError(`${name}: ${messageOf(error)}`, { cause: error });
  }
};

/**
 * Connects as a kubeconfig file's current context says.
 *
 * @throws ConnectionError that names the file and the missing or wrong entry
 */
export const connectByKubeconfig = async (file: string): Promise<ApiConnection> => {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new ConnectionError(`${file}: ${messageOf(error)}`, { cause: error });
  });
  return connectByKubeconfigText({ text, name: file, folder: path.dirname(file) });
};
