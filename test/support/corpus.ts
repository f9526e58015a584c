import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folders of the conformance corpus with netpol-case/v1 files. */
export type Corpus = 'e2e' | 'cyclonus' | 'cyclonus-ipv6';

export const CORPORA: readonly Corpus[] = ['e2e', 'cyclonus', 'cyclonus-ipv6'];

export type CaseProtocol = 'TCP' | 'UDP' | 'SCTP';

export type CaseLabels = Readonly<Record<string, string>>;

export interface CasePort {
  readonly name?: string;
  readonly port: number;
  readonly protocol: CaseProtocol;
}

export interface CasePod {
  readonly namespace: string;
  readonly name: string;
  readonly labels: CaseLabels;
  readonly ip: string;
  /** The ports that the pod serves and declares. */
  readonly ports: readonly CasePort[];
  readonly service?: { readonly name: string; readonly clusterIP: string };
}

/** An endpoint outside the cluster, key `external/name` in tables. It accepts every port. */
export interface CaseExternal {
  readonly name: string;
  readonly ip: string;
}

/** A NetworkPolicy as the API server serialises it; `spec` is unparsed, as from a source. */
export interface CasePolicy {
  readonly apiVersion: 'networking.k8s.io/v1';
  readonly kind: 'NetworkPolicy';
  readonly metadata: { readonly namespace: string; readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

/** A whole world: what exists at one moment. */
export interface CaseState {
  /** Labels by namespace name. */
  readonly namespaces: Readonly<Record<string, CaseLabels>>;
  readonly pods: readonly CasePod[];
  readonly policies: readonly CasePolicy[];
  readonly externals?: readonly CaseExternal[];
}

/** The effect of a step on the world; the `set…` actions replace all labels. */
export type CaseAction =
  | { readonly type: 'createPolicy' | 'updatePolicy'; readonly policy: CasePolicy }
  | { readonly type: 'deletePolicy' | 'deletePod'; readonly namespace: string; readonly name: string }
  | { readonly type: 'createNamespace' | 'setNamespaceLabels'; readonly name: string; readonly labels: CaseLabels }
  | { readonly type: 'deleteNamespace'; readonly name: string }
  | ({ readonly type: 'createPod' } & CasePod)
  | {
      readonly type: 'setPodLabels';
      readonly namespace: string;
      readonly name: string;
      readonly labels: CaseLabels;
    };

/**
 * Verdicts of one protocol and port: `rows[from][i]` is the verdict for from → order[i]. `.` connects, `X` is blocked,
 * `-` the destination does not serve the port (nothing to probe), `o` loopback (nothing to compare).
 */
export type CaseRows = Readonly<Record<string, string>>;

export interface CaseTable {
  readonly protocol: CaseProtocol;
  /** The pod's port, after a Service's DNAT. */
  readonly port: number;
  /** The verdict of both sides together, which a connection meets. */
  readonly combined: CaseRows;
  /** The verdict of the destination's policies alone, including the diagonal. */
  readonly ingress: CaseRows;
  /** The verdict of the source's policies alone, including the diagonal. */
  readonly egress: CaseRows;
}

export interface CaseStep {
  readonly actions: readonly CaseAction[];
  /** The world after the actions. */
  readonly state: CaseState;
  readonly expected: {
    /** Endpoint keys, `namespace/pod` or `external/name`: the columns of every row. */
    readonly order: readonly string[];
    readonly tables: readonly CaseTable[];
  };
}

/** One file of schema netpol-case/v1. */
export interface NetpolCase {
  readonly schema: 'netpol-case/v1';
  readonly id: string;
  readonly name: string;
  readonly tags: readonly string[];
  readonly usesIPBlock: boolean;
  readonly initial: CaseState;
  readonly steps: readonly CaseStep[];
}

/** One comparable cell of a table. */
export interface CaseCell {
  readonly from: string;
  readonly to: string;
  readonly protocol: CaseProtocol;
  readonly port: number;
  readonly allowed: boolean;
}

/**
 * Returns the folder of the corpus: PORTCULLIS_CASES, else ../shared/cases beside the repository; undefined if neither
 * exists: then tests report that the corpus was left out.
 */
export const corpusRoot = (): string | undefined => {
  const beside = fileURLToPath(new URL('../../../shared/cases', import.meta.url));
  const root = process.env['PORTCULLIS_CASES'] ?? beside;
  return existsSync(root) ? root : undefined;
};

const readJson = (path: string): unknown => JSON.parse(readFileSync(path, 'utf8'));

const readCase = (path: string): NetpolCase => {
  const found = readJson(path) as NetpolCase;
  // The corpus' own index and README guarantee the rest of the shape.
  if (found.schema !== ('netpol-case/v1' as string)) throw new Error(`${path}: not a netpol-case/v1 file`);
  return found;
};

/** Returns all cases of one folder, in the order of its index.json. @throws if the corpus is missing or malformed */
export const loadCases = (root: string, corpus: Corpus): readonly NetpolCase[] => {
  const index = readJson(join(root, corpus, 'index.json')) as readonly { readonly file: string }[];
  return index.map(({ file }) => readCase(join(root, corpus, file)));
};

/** Returns `namespace/name`, the key of a pod in the tables. */
export const podKeyOf = (pod: { readonly namespace: string; readonly name: string }): string =>
  `${pod.namespace}/${pod.name}`;

const VERDICTS: Readonly<Record<string, boolean | undefined>> = { '.': true, X: false, '-': undefined, o: undefined };

const verdictOf = (mark: string | undefined, where: string): boolean | undefined => {
  if (mark === undefined || !(mark in VERDICTS)) throw new Error(`${where}: unknown verdict ${mark ?? '(none)'}`);
  return VERDICTS[mark];
};

/** Returns the cells of a step's `combined` tables that can be compared (`.` and `X`), in the order of the tables. */
export const cellsOf = (step: CaseStep): readonly CaseCell[] =>
  step.expected.tables.flatMap(({ protocol, port, combined }) =>
    Object.entries(combined).flatMap(([from, row]) =>
      step.expected.order.flatMap((to, column) => {
        const allowed = verdictOf(row[column], `${from} → ${to} ${protocol}/${String(port)}`);
        return allowed === undefined ? [] : [{ from, to, protocol, port, allowed }];
      }),
    ),
  );

/** The number of cases in each folder; a loader that loses some must fail. */
export const CASES_IN = { e2e: 48, cyclonus: 230, 'cyclonus-ipv6': 46 } as const;

/** The address of each pod and machine outside of a case, by key. */
export const addressesOf = ({ pods, externals = [] }: CaseState): ReadonlyMap<string, string> =>
  new Map([
    ...pods.map((pod) => [podKeyOf(pod), pod.ip] as const),
    ...externals.map(({ name, ip }) => [`external/${name}`, ip] as const),
  ]);
