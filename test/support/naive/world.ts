/** The parts of the API's own JSON that network policy uses (networking.k8s.io/v1, core/v1), and plain facts about pods. */

export type JsonLabels = Readonly<Record<string, string>>;

export interface JsonSelector {
  readonly matchLabels?: JsonLabels;
  readonly matchExpressions?: readonly {
    readonly key: string;
    readonly operator: string;
    readonly values?: readonly string[];
  }[];
}

export interface JsonPeer {
  readonly podSelector?: JsonSelector;
  readonly namespaceSelector?: JsonSelector;
  readonly ipBlock?: { readonly cidr: string; readonly except?: readonly string[] };
}

export interface JsonPort {
  readonly protocol?: string;
  readonly port?: number | string;
  readonly endPort?: number;
}

export interface JsonPolicy {
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: {
    readonly podSelector?: JsonSelector;
    readonly policyTypes?: readonly string[];
    readonly ingress?: readonly { readonly from?: readonly JsonPeer[]; readonly ports?: readonly JsonPort[] }[];
    readonly egress?: readonly { readonly to?: readonly JsonPeer[]; readonly ports?: readonly JsonPort[] }[];
  };
}

export interface NaivePod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: JsonLabels;
  readonly ips: readonly string[];
  readonly hostIPs: readonly string[];
  readonly hostNetwork: boolean;
  readonly ports: readonly { readonly name?: string; readonly port: number; readonly protocol: string }[];
}

/** Each of the pods that share an address may have it. The API server accepts every policy. */
export interface NaiveWorld {
  readonly namespaces: Readonly<Record<string, JsonLabels>>;
  readonly pods: readonly NaivePod[];
  readonly policies: readonly JsonPolicy[];
}

export interface NaivePacket {
  readonly from: string;
  readonly to: string;
  readonly protocol: string;
  readonly port: number;
}
