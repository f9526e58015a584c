/** An agent that can be measured. */
export interface AgentSpec {
  readonly name: string;
  /** For sh; {kubeconfig} and {node} stand for what their names say. Runs inside the node's network namespace. */
  readonly command: string;
}

export const commandOf = ({ command }: AgentSpec, kubeconfig: string, node: string): string =>
  command.replaceAll('{kubeconfig}', kubeconfig).replaceAll('{node}', node);

export const ownAgent = (root: string): AgentSpec => ({
  name: 'portcullis',
  command: `${root}/bin/portcullis agent --kubeconfig {kubeconfig} --node-name {node} --listen 127.0.0.1:9577 --log-level warn`,
});
