/** One end of an edge, with the names that it had when the packet came. */
export type End =
  | {
      readonly kind: 'pod';
      readonly address: string;
      readonly namespace: string;
      readonly name: string;
      /** `Kind/name`; absent for a pod made by hand. */
      readonly workload?: string;
      /** It answers the cluster's DNS. */
      readonly isDns?: true;
    }
  | { readonly kind: 'node'; readonly address: string; readonly name: string }
  /** Where clouds give each machine its credentials. */
  | { readonly kind: 'metadata'; readonly address: string }
  /** An address that nobody has now. `until`: ISO 8601. */
  | { readonly kind: 'former'; readonly address: string; readonly pod: string; readonly until: string }
  /** To more than one host, or of one link. */
  | { readonly kind: 'link'; readonly address: string }
  /** Of private use, and nobody's that is known. */
  | { readonly kind: 'private'; readonly address: string }
  | { readonly kind: 'internet'; readonly address: string };

/** The end as the same one over time: the workload, where there is one, or what else it is. */
export const endKey = (end: End): string => {
  switch (end.kind) {
    case 'pod':
      return `pod ${end.namespace}/${end.workload ?? end.name}`;
    case 'node':
      return `node ${end.name}`;
    case 'metadata':
    case 'former':
    case 'link':
    case 'private':
    case 'internet':
      return `${end.kind} ${end.address}`;
  }
};

/** The end in words, as of `at` (ms since the epoch): `shop/web-1`, `node n1`, `10.0.0.7 (had by shop/web-1 until 3 s ago)`. */
export const describeEnd = (end: End, at: number): string => {
  switch (end.kind) {
    case 'pod':
      return `${end.namespace}/${end.name}${end.isDns === true ? ' (cluster DNS)' : ''}`;
    case 'node':
      return `node ${end.name}`;
    case 'metadata':
      return `${end.address} (cloud metadata)`;
    case 'former': {
      const seconds = Math.max(0, Math.round((at - Date.parse(end.until)) / 1000));
      return `${end.address} (had by ${end.pod} until ${seconds} s ago)`;
    }
    case 'link':
      return `${end.address} (link-local or group)`;
    case 'private':
      return `${end.address} (unknown)`;
    case 'internet':
      return `${end.address} (internet)`;
  }
};

/** The namespaces that the end is of: none, or that of its pod. */
export const namespaceOf = (end: End): string | undefined => (end.kind === 'pod' ? end.namespace : undefined);
