/** Makes callers wait while it is shut. */
export interface Gate {
  shut(): void;
  open(): void;
  /** Resolves while it is open, or once it opens again. */
  passable(): Promise<void>;
}

export const createGate = (): Gate => {
  let blocked: { readonly promise: Promise<unknown>; readonly resolve: (open: true) => void } | undefined;
  return {
    shut() {
      blocked ??= Promise.withResolvers<true>();
    },
    open() {
      blocked?.resolve(true);
      blocked = undefined;
    },
    async passable() {
      while (blocked !== undefined) await blocked.promise;
    },
  };
};
