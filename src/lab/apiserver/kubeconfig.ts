import type { ClientSettings } from './client.ts';

/** Returns a kubeconfig for the cluster and its administrator, as JSON, which kubectl reads as YAML. */
export const kubeconfigText = ({ url, ca, token }: ClientSettings): string => {
  const name = 'portcullis';
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } }],
    users: [{ name, user: { token } }],
  };
  return `${JSON.stringify(config, null, 2)}\n`;
};
