import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { ApiConnection } from './connection.ts';

/**
 * Reads a kubeconfig with client-node's own class, which takes long to load.
 * @param folder that paths in it are relative to
 * @throws if it cannot be read
 */
export const connectWithWholeClient = (text: string, folder: string, server: string): ApiConnection => {
  const config = new KubeConfig();
  config.loadFromString(text);
  config.makePathsAbsolute(folder);
  return {
    server,
    async options() {
      const options = {};
      await config.applyToHTTPSOptions(options);
      return options;
    },
  };
};
