import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import type { TlsFiles } from '../config/config.ts';
import { messageOf } from '../model/message-of.ts';

/** A mounted Secret changes within a minute or two after its object; certificates are replaced days before their end. */
const READ_AGAIN_MS = 10_000;

/** An unusable certificate and key. */
export class TlsError extends Error {
  constructor({ cert, key }: TlsFiles, cause: unknown) {
    super(`cannot serve TLS with ${cert} and ${key}: ${messageOf(cause)}; see --tls-cert and --tls-key`, { cause });
    this.name = 'TlsError';
  }
}

const MIN_VERSION = 'TLSv1.2';

/** Reads the files as options of a server. @throws TlsError if they are not a certificate and its key */
export const readTls = async (files: TlsFiles): Promise<SecureContextOptions> => {
  try {
    const [cert, key] = await Promise.all([readFile(files.cert, 'utf8'), readFile(files.key, 'utf8')]);
    const options: SecureContextOptions = { cert, key, minVersion: MIN_VERSION };
    createSecureContext(options);
    return options;
  } catch (error) {
    throw new TlsError(files, error);
  }
};

export interface TlsWatch {
  readonly files: TlsFiles;
  /** The options in use. */
  readonly options: SecureContextOptions;
  readonly use: (options: SecureContextOptions) => void;
  /** Called once when new files are invalid and the old ones stay, and with undefined when all is well again. */
  readonly onTrouble: (trouble: string | undefined) => void;
  /** Interval in ms at which the files are read; 10 s if absent. */
  readonly readAgainMs?: number;
}

/** Follows the files, and uses new ones when they change. @returns a function that stops it */
export const followTls = ({ files, options, use, onTrouble, readAgainMs = READ_AGAIN_MS }: TlsWatch): (() => void) => {
  let inUse = options;
  let trouble: string | undefined;
  const tell = (next: string | undefined): void => {
    if (next !== trouble) onTrouble(next);
    trouble = next;
  };
  const look = async (): Promise<void> => {
    try {
      const found = await readTls(files);
      if (found.cert !== inUse.cert || found.key !== inUse.key) use(found);
      inUse = found;
      tell(undefined);
    } catch (error) {
      tell(messageOf(error));
    }
  };
  const timer = setInterval(() => void look(), readAgainMs);
  timer.unref();
  return () => {
    clearInterval(timer);
  };
};
