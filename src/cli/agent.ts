import packageJson from '../../package.json' with { type: 'json' };
import { parseConfig } from '../config/parse-config.ts';
import type { Flags } from '../config/read-settings.ts';
import { startAgent } from '../main.ts';
import { addConfigOptions } from './config-options.ts';
import { describeFailure } from './failure.ts';
import { leaveTerminationMessage } from './termination-message.ts';
import type { Verb } from './verb.ts';

/**
 * Resolves at a signal. The handlers stay attached: while a command runs, execa ends the process by the signal itself if its
 * own handler is the only one left, and would interrupt a pass.
 */
const untilToldToStop = (): Promise<undefined> =>
  new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.on(signal, () => resolve(undefined));
  });

export const agentVerb: Verb = {
  declare(command) {
    addConfigOptions(command);
    command.addHelpText(
      'after',
      `
Enforces policy for the pods of one node, in the network namespace it is started
in, until SIGTERM or SIGINT. The rules stay in force afterwards ("portcullis
cleanup" removes them), and the next agent takes them over.

Examples:
  portcullis agent --kubeconfig /etc/kubernetes/kubelet.conf \\
    --node-name "$(hostname)"
  portcullis agent --manifests policies/ --node-name n1 --listen 0 \\
    --log-format text
  PORTCULLIS_NODE_NAME=n1 portcullis agent --in-cluster
  curl -s 127.0.0.1:9577/status`,
    );
  },
  async run(command, io) {
    const config = parseConfig(command.opts<Flags>(), io.env);
    const stopping = untilToldToStop();
    const agent = await startAgent(config, { version: packageJson.version, env: io.env }).catch(
      async (error: unknown) => {
        await leaveTerminationMessage(describeFailure(error));
        throw error;
      },
    );
    const lacking = await Promise.race([stopping, agent.lacking]);
    if (lacking !== undefined) await leaveTerminationMessage(lacking);
    await agent.stop();
    return lacking === undefined ? 0 : 1;
  },
};
