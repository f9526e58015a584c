import { setTimeout as delay } from 'node:timers/promises';
import type { StoryCurl } from '../../src/cli/play/story/story.ts';
import { CommandError } from '../../src/kernel/command.ts';
import type { Kubectl } from './kubectl.ts';

/** The end of a connection in a story's words, or curl's exit code for any other one. */
export type CurlEnd = StoryCurl['expect'] | `curl: exit ${number}`;

/** curl(1): operation timeout. */
const CURL_TIMEOUT = 28;
const CONNECT_SECONDS = 2;
/** Maximum time until a change of policy is in force: normally milliseconds, more on a busy machine. */
const SETTLE_MS = 10_000;
const PAUSE_MS = 200;

/**
 * Returns the address of a pod (`namespace/name`) or Service (`name.namespace`); names would need DNS, which policies
 * may forbid.
 */
const addressOf = async (kubectl: Kubectl, target: string): Promise<string> => {
  const [namespace, pod] = target.split('/');
  if (namespace !== undefined && pod !== undefined)
    return kubectl(['-n', namespace, 'get', 'pod', pod, '-o', 'jsonpath={.status.podIP}']);
  const [service = '', ofNamespace = ''] = target.split('.');
  return kubectl(['-n', ofNamespace, 'get', 'service', service, '-o', 'jsonpath={.spec.clusterIP}']);
};

const curlOnce = async (kubectl: Kubectl, { from, port }: StoryCurl, address: string): Promise<CurlEnd> => {
  const [namespace = '', pod = ''] = from.split('/');
  const host = address.includes(':') ? `[${address}]` : address;
  const limits = [`--connect-timeout=${CONNECT_SECONDS}`, `--max-time=${CONNECT_SECONDS}`].map((flag) =>
    flag.split('='),
  );
  const curl = ['curl', '-s', '-o', '/dev/null', ...limits.flat(), `http://${host}:${port}/`];
  try {
    await kubectl(['-n', namespace, 'exec', pod, '--', ...curl]);
    return 'answers';
  } catch (error) {
    if (!(error instanceof CommandError) || error.exitCode === undefined) throw error;
    return error.exitCode === CURL_TIMEOUT ? 'times out' : `curl: exit ${error.exitCode}`;
  }
};

/** Runs curl in a pod, repeatedly for a while if it does not end as expected. @returns how it ended at last */
export const tryCurl = async (kubectl: Kubectl, curl: StoryCurl): Promise<CurlEnd> => {
  const address = await addressOf(kubectl, curl.to);
  const deadline = performance.now() + SETTLE_MS;
  for (;;) {
    const end = await curlOnce(kubectl, curl, address);
    if (end === curl.expect || performance.now() > deadline) return end;
    await delay(PAUSE_MS);
  }
};
