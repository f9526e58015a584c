import { type CommandRunner, createCommandRunner, followCommand } from '../kernel/command.ts';
import type { CliIo } from './verb.ts';

/** The cluster and the user, as kubectl's own options name them. */
export interface ContextOptions {
  readonly kubeconfig?: string;
  readonly context?: string;
}

/** kubectl, with the user's own choice of cluster, credentials and proxies. */
export interface Kubectl {
  /** Runs a command to its end. @throws CommandError */
  readonly run: (args: readonly string[], options?: Parameters<CommandRunner['run']>[2]) => Promise<string>;
  /** Follows a command, see followCommand. */
  readonly follow: (args: readonly string[], options: Parameters<typeof followCommand>[2]) => Promise<void>;
}

export const createKubectl = ({ kubeconfig, context }: ContextOptions, { env }: CliIo): Kubectl => {
  const program = env['KUBECTL'] || 'kubectl';
  const chosen = [
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...(context === undefined ? [] : [`--context=${context}`]),
  ];
  const runner = createCommandRunner();
  return {
    run: (args, options) => runner.run(program, [...chosen, ...args], options),
    follow: (args, options) => followCommand(program, [...chosen, ...args], options),
  };
};
