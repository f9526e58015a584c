import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import type { Protocol } from '../../src/model/protocol.ts';

/** A workload of an application. */
export interface AppWorkload {
  /** `namespace/name` */
  readonly at: string;
  /** A Deployment if absent. */
  readonly kind?: 'StatefulSet' | 'DaemonSet' | 'CronJob' | 'ReplicaSet';
  readonly replicas: number;
  readonly labels: Readonly<Record<string, string>>;
  /** `TCP 8080` */
  readonly ports?: readonly string[];
}

/** Connections that pods of a workload open again and again. */
export interface AppCall {
  /** A workload, or `internet`. */
  readonly from: string;
  /** A workload, `changing` for ever other addresses of the internet, `metadata`, an address or several. */
  readonly to: string | readonly string[];
  readonly port: string;
  /** Mean time between two connections of one pod, in seconds. */
  readonly every: number;
}

/** An application, as it is written in bench/suggest/apps. */
export interface Application {
  readonly name: string;
  readonly namespaces: readonly string[];
  readonly workloads: readonly AppWorkload[];
  readonly calls: readonly AppCall[];
  /** Mean time between two DNS queries of one pod, in seconds. */
  readonly dns: number;
}

export const APPLICATIONS = ['shop', 'tickets', 'tenants'] as const;

export const loadApplication = (name: (typeof APPLICATIONS)[number]): Application =>
  parse(readFileSync(path.join(import.meta.dirname, 'apps', `${name}.yaml`), 'utf8')) as Application;

/** Returns the protocol and the number of `TCP 8080`. */
export const readPort = (text: string): { readonly protocol: Protocol; readonly port: number } => {
  const [protocol = '', port = ''] = text.split(' ');
  if (protocol !== 'TCP' && protocol !== 'UDP' && protocol !== 'SCTP') throw new TypeError(`${text} is no port`);
  return { protocol, port: Number(port) };
};
