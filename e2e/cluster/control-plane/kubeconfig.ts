import { writeFile } from 'node:fs/promises';
import { type Authority, type KeyPair, readBase64 } from './certificates.ts';

export interface KubeconfigSettings {
  readonly file: string;
  readonly url: string;
  readonly authority: Authority;
  readonly user: KeyPair;
}

/** Writes a kubeconfig that needs no other file, in JSON, which is YAML. */
export const writeKubeconfig = async ({ file, url, authority, user }: KubeconfigSettings): Promise<void> => {
  const name = 'portcullis';
  const [ca, cert, key] = await Promise.all([authority.cert, user.cert, user.key].map(readBase64));
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': name,
    contexts: [{ name, context: { cluster: name, user: name } }],
    clusters: [{ name, cluster: { server: url, 'certificate-authority-data': ca } }],
    users: [{ name, user: { 'client-certificate-data': cert, 'client-key-data': key } }],
  };
  await writeFile(file, `${JSON.stringify(config, null, 2)}\n`, { mode: 0o600 });
};
