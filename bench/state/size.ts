/** The size of a cluster. */
export interface Size {
  readonly localPods: number;
  readonly pods: number;
  readonly policies: number;
  readonly namespaces: number;
}

export type SizeName = 'S' | 'M' | 'L' | 'XL';

/** The sizes of all figures. XL is for rows without a kernel and an API server. */
export const SIZES: Readonly<Record<SizeName, Size>> = {
  S: { localPods: 20, pods: 500, policies: 50, namespaces: 10 },
  M: { localPods: 100, pods: 5000, policies: 1000, namespaces: 100 },
  L: { localPods: 200, pods: 20_000, policies: 5000, namespaces: 500 },
  XL: { localPods: 110, pods: 150_000, policies: 25_000, namespaces: 10_000 },
};
