import type { FlowFilter } from './filter.ts';
import type { FlowRecord, StoredFlow } from './record.ts';
import type { PolicyRevision, StoreStatus } from './store.ts';

/** The name of the socket in the folder of the records. */
export const FLOWS_SOCKET = 'flows.sock';

/** A request to an agent through its socket: one line of JSON. */
export interface FlowRequest {
  readonly filter: FlowFilter;
  /** True to follow new records too, until the connection ends. */
  readonly watch: boolean;
}

/** A line of the answer. `status` comes first, then what is stored, then what comes. */
export type FlowAnswer =
  | { readonly status: RecordsStatus }
  | { readonly flow: FlowRecord | StoredFlow }
  | { readonly revision: PolicyRevision }
  /** Number of records that were left out, since they came faster than the client read them. */
  | { readonly lost: number }
  | { readonly error: string };

/** How the records of a node stand. */
export interface RecordsStatus extends StoreStatus {
  readonly node: string;
  /** Where refused packets are reported; undefined while nothing can be heard. */
  readonly group: number | undefined;
  /** Reports that were heard, and those that were lost on the way to the agent. */
  readonly heard: number;
  readonly lost: number;
  /** Why the records of the time before are not there; undefined where they are, or there were none to be kept. */
  readonly notKept: string | undefined;
}

const asObject = (value: unknown): Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};

const textAt = (of: Readonly<Record<string, unknown>>, key: string): string | undefined => {
  const value = of[key];
  if (value === undefined || typeof value === 'string') return value;
  throw new TypeError(`${key} is no text`);
};

/** Reads the line of a request. @throws Error that says what is wrong with it */
export const readRequest = (line: string): FlowRequest => {
  const request = asObject(JSON.parse(line));
  const given = asObject(request['filter']);
  const verdict = textAt(given, 'verdict');
  if (verdict !== undefined && verdict !== 'allowed' && verdict !== 'denied') {
    throw new TypeError('verdict is neither allowed nor denied');
  }
  const { since } = given;
  const [namespace, pod, policy] = ['namespace', 'pod', 'policy'].map((key) => textAt(given, key));
  return {
    watch: request['watch'] === true,
    filter: {
      ...(namespace === undefined ? {} : { namespace }),
      ...(pod === undefined ? {} : { pod }),
      ...(policy === undefined ? {} : { policy }),
      ...(verdict === undefined ? {} : { verdict }),
      ...(typeof since === 'number' ? { since } : {}),
    },
  };
};
