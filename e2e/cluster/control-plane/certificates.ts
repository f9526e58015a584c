import { readFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import path from 'node:path';
import { createCommandRunner } from '../../../src/kernel/command.ts';

/** Files in PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** The content of a certificate about its holder. */
export interface Holder {
  /** Common name, which the API server uses as the user's name. */
  readonly name: string;
  /** Organisation, which the API server uses as the user's group. */
  readonly group?: string;
  /** DNS names and addresses of a server. */
  readonly servesAs?: readonly string[];
}

/** A certificate authority in a folder of its own. */
export interface Authority {
  /** The file of its certificate. */
  readonly cert: string;
  issue(file: string, holder: Holder): Promise<KeyPair>;
}

/** Enough for clusters that live for minutes. */
const VALID_DAYS = '30';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-noenc', '-days', VALID_DAYS];

const { run } = createCommandRunner();

const pair = (folder: string, name: string): KeyPair => ({
  cert: path.join(folder, `${name}.crt`),
  key: path.join(folder, `${name}.key`),
});

const subject = ({ name, group }: Holder): string => `${group === undefined ? '' : `/O=${group}`}/CN=${name}`;

const alternativeNames = (names: readonly string[]): readonly string[] =>
  names.length === 0
    ? []
    : ['-addext', `subjectAltName=${names.map((name) => `${isIP(name) > 0 ? 'IP' : 'DNS'}:${name}`).join(',')}`];

/** Makes an authority with its files in `folder`, which exists. Needs openssl 3. */
export const createAuthority = async (folder: string): Promise<Authority> => {
  const own = pair(folder, 'ca');
  await run('openssl', [
    'req',
    '-x509',
    ...NEW_KEY,
    '-subj',
    '/CN=portcullis-cluster',
    '-keyout',
    own.key,
    '-out',
    own.cert,
  ]);
  return {
    cert: own.cert,
    async issue(file, holder) {
      const { cert, key } = pair(folder, file);
      const names = alternativeNames(holder.servesAs ?? []);
      const signed = ['-CA', own.cert, '-CAkey', own.key, '-addext', 'basicConstraints=critical,CA:FALSE'];
      await run('openssl', [
        'req',
        '-x509',
        ...NEW_KEY,
        ...signed,
        ...names,
        '-subj',
        subject(holder),
        '-keyout',
        key,
        '-out',
        cert,
      ]);
      return { cert, key };
    },
  };
};

/** Returns a file as base64, as kubeconfig files embed PEM. */
export const readBase64 = async (file: string): Promise<string> => (await readFile(file)).toString('base64');
