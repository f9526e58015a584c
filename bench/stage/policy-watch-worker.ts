import { parentPort, workerData } from 'node:worker_threads';
import { connectByKubeconfig } from '../../src/cluster/api/kubeconfig.ts';
import { get } from '../../src/cluster/api/request.ts';
import { nowNs } from './flow.ts';
import type { Heard, PolicyWatchData } from './policy-watch.ts';

/** The thread of a PolicyWatch, with an event loop of its own, so that it reports the time of arrival. */

const { kubeconfigPath, resourceVersion, namespace, name } = workerData as PolicyWatchData;

/** Matches an event's text as the API server writes it. */
const CHANGED = new RegExp(`"name":"${name}","namespace":"${namespace}","uid":"[^"]*","resourceVersion":"(\\d+)"`, 'g');
/** The text may arrive in two pieces, so the end of the last one is kept. */
const LONGEST = 1_000;

const connection = await connectByKubeconfig(kubeconfigPath);
const query = { watch: '1', resourceVersion, timeoutSeconds: '7200' };
const path = '/apis/networking.k8s.io/v1/networkpolicies';
const response = await get(connection, path, query, 'application/json', new AbortController().signal);
let tail = '';
response.on('data', (piece: Buffer) => {
  const atNs = nowNs();
  const text = tail + piece.toString('latin1');
  let end = 0;
  for (const match of text.matchAll(CHANGED)) {
    const [, version = ''] = match;
    end = match.index + match[0].length;
    parentPort?.postMessage({ version, atNs } satisfies Heard);
  }
  tail = text.slice(Math.max(end, text.length - LONGEST));
});
parentPort?.postMessage({ version: '', atNs: nowNs() } satisfies Heard);
