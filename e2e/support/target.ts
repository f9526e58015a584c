/** The cluster that the specs run against. */
export interface Target {
  readonly kubectl: string;
  readonly kubeconfig: string;
  /**
   * The folder of a cluster of ours (PORTCULLIS_CLUSTER_DIR), on whose nodes commands can run; absent for any other
   * cluster.
   */
  readonly clusterRoot?: string;
  /** The image before the one under test, by its name on the nodes; absent if there is none to upgrade from. */
  readonly previousImage?: string;
}

/** The variable with the target, as JSON, from the runner to the specs. */
export const TARGET_VARIABLE = 'PORTCULLIS_E2E_TARGET';

/** @throws Error if `npm run e2e` did not start the specs */
export const readTarget = (env: Readonly<Record<string, string | undefined>>): Target => {
  const text = env[TARGET_VARIABLE];
  if (text === undefined) throw new Error(`${TARGET_VARIABLE} is not set: start these specs with npm run e2e`);
  return JSON.parse(text) as Target;
};
