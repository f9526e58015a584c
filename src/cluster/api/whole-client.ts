import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { ApiConnection } from './connection.ts';

/** Reads a kubeconfig with client-node's own class, which takes long to load. @throws if it cannot be read */
export const connectWithWholeClient = (file: string, server: string): ApiConnection => {
  const config = new KubeConfig();
  config.loadFromFile(file);
  return {
    server,
    async options() {
      const options = {};
      await config.applyToHTTPSOptions(options);
      return options;
    },
  };
};
