import { asList, asObject, asText } from '../raw.ts';
import { type CniResult, readCniResult } from './parse-result.ts';

/** A request of the CNI plugin (cni-plugin/ask.go): a pod's interface was made, or is about to be removed. */
export type CniRequest =
  | {
      readonly kind: 'add';
      readonly containerId: string;
      /** Undefined if the interface is not a pod's on the cluster's network. */
      readonly result: CniResult | undefined;
      /** How long the plugin waits for an answer. */
      readonly deadlineMs: number;
    }
  | { readonly kind: 'del'; readonly containerId: string };

/** A day: longer than any plugin waits, and short enough for a timer. */
const LONGEST_MS = 86_400_000;

/** @throws Error for an invalid request */
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
