/** A match that the fake understands. */
export type FakeMatch =
  | { readonly kind: 'source' | 'destination'; readonly block: string; readonly negated: boolean }
  | { readonly kind: 'protocol'; readonly protocol: string; readonly negated: boolean }
  | { readonly kind: 'sports' | 'dports'; readonly ranges: readonly (readonly [from: number, to: number])[] }
  | {
      readonly kind: 'tcp flags';
      readonly mask: readonly string[];
      readonly set: readonly string[];
      readonly negated: boolean;
    }
  | { readonly kind: 'icmp type'; readonly type: number }
  | { readonly kind: 'hop limit'; readonly equals: number }
  | { readonly kind: 'set'; readonly set: string; readonly fields: readonly string[]; readonly negated: boolean }
  | { readonly kind: 'ctstate'; readonly states: readonly string[] }
  | {
      readonly kind: 'connection address';
      readonly field: 'origsrc' | 'origdst' | 'replsrc';
      readonly address: string;
      readonly negated: boolean;
    }
  | { readonly kind: 'local source' }
  | { readonly kind: 'local destination' }
  | { readonly kind: 'in interface' | 'out interface'; readonly name: string; readonly negated: boolean }
  | { readonly kind: 'unrouted source' };

export type FakeTarget =
  | { readonly kind: 'jump' | 'goto'; readonly chain: string }
  | { readonly kind: 'verdict'; readonly verdict: 'ACCEPT' | 'DROP' | 'RETURN' }
  | { readonly kind: 'log' };

export interface FakeRule {
  /** The arguments after `-A CHAIN`, unchanged. */
  readonly text: string;
  readonly matches: readonly FakeMatch[];
  /** Undefined if the rule only counts. */
  readonly target: FakeTarget | undefined;
}
