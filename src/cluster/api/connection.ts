import type { RequestOptions } from 'node:https';

/** TLS, agent and headers of one request. */
export interface ConnectionOptions extends RequestOptions {
  headers?: Record<string, string>;
}

/** How to reach an API server, and as whom. */
export interface ApiConnection {
  /** Scheme, host, port and path prefix, without a slash at the end. */
  readonly server: string;
  /** Returns the options of one request. Called for each request, since tokens are short-lived. */
  options(): Promise<ConnectionOptions>;
}

/** Makes the connection, and reads its settings again: certificates, tokens and addresses change while an agent runs. */
export type Connect = () => Promise<ApiConnection>;

/** The settings (a kubeconfig, the pod's service account) make no valid connection. */
export class ConnectionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConnectionError';
  }
}
