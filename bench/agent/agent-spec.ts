/** An agent that can be measured. */
export interface AgentSpec {
  readonly name: string;
  /**
   * A sh command, in which {kubeconfig}, {node} and {cniResults} are replaced by AgentPlace's. Runs inside the node's
   * network namespace.
   */
  readonly command: string;
}

/** The arguments of an agent. */
export interface AgentPlace {
  readonly kubeconfig: string;
  readonly node: string;
  /** A folder like libcni's result cache. */
  readonly cniResults: string;
}

export const commandOf = ({ command }: AgentSpec, place: AgentPlace): string =>
  command.replaceAll(/\{(kubeconfig|node|cniResults)\}/g, (_, name: keyof AgentPlace) => place[name]);

/** Returns the agent of a built checkout; its default name is the current agent's name in results. */
export const agentOf = (root: string, name = 'portcullis'): AgentSpec => ({
  name,
  command: [
    `${root}/bin/portcullis agent --kubeconfig {kubeconfig} --node-name {node} --cni-results {cniResults}`,
    '--listen 127.0.0.1:9577 --log-level warn',
  ].join(' '),
});
