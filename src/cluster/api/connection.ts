import type { RequestOptions } from 'node:https';

/** TLS, agent and headers of one request. */
export interface ConnectionOptions extends RequestOptions {
  headers?: Record<string, string>;
}

/** How to reach an API server, and as whom. */
export interface ApiConnection {
  /** Scheme, host, port and path prefix, without a slash at the end. */
  readonly server: string;
  /** Asked for each request anew: tokens are short-lived. */
  options(): Promise<ConnectionOptions>;
}

/** Makes the connection from its settings, read anew: certificates, tokens and addresses change while an agent runs. */
export type Connect = () => Promise<ApiConnection>;

/** Why no connection can be made from what was given (a kubeconfig, the pod's service account). */
export class ConnectionError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ConnectionError';
  }
}
