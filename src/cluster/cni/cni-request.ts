import { asList, asObject, asText } from '../raw.ts';
import { type CniResult, readCniResult } from './parse-result.ts';

/** What the CNI plugin tells (cni-plugin/ask.go): a pod's interface was made, or is about to be removed. */
export type CniRequest =
  | {
      readonly kind: 'add';
      readonly containerId: string;
      /** Undefined where it is about no interface of a pod on the cluster's network. */
      readonly result: CniResult | undefined;
      /** So long the plugin waits for an answer, ms. */
      readonly deadlineMs: number;
    }
  | { readonly kind: 'del'; readonly containerId: string };

/** A day: more than any plugin waits, and less than a timer takes, ms. */
const LONGEST_MS = 86_400_000;

/** @throws Error for what is no request */
export const parseCniRequest = (line: string): CniRequest => {
  const raw = asObject(JSON.parse(line));
  const containerId = asText(raw['containerId']);
  if (containerId === undefined || containerId === '') throw new Error('containerId is missing');
  const { command, deadlineMs } = raw;
  if (command === 'del') return { kind: 'del', containerId };
  if (command !== 'add') throw new Error(`command: ${JSON.stringify(command)} is neither "add" nor "del"`);
  if (typeof deadlineMs !== 'number' || !(deadlineMs > 0)) throw new Error('deadlineMs is no number above 0');
  const result = readCniResult(raw);
  const hasInterfaces = asList(asObject(raw['result'])['interfaces']).length > 0;
  if (result === undefined && !hasInterfaces) throw new Error('result names no interface');
  return { kind: 'add', containerId, result, deadlineMs: Math.min(deadlineMs, LONGEST_MS) };
};
