import { onNode } from '../../src/lab/node.ts';
import { startProcess } from '../../src/lab/process.ts';
import { type AgentPlace, type AgentSpec, commandOf } from './agent-spec.ts';
import { type Usage, usageOf } from './process-tree.ts';

const REMEMBERED_LINES = 30;

/** A running agent on the node. */
export interface RunningAgent {
  readonly name: string;
  usage(): Usage;
  /** @throws Error with its last output if it has ended by itself */
  assertAlive(): void;
  /** Sends SIGTERM, and SIGKILL if the agent has not ended within 5 s. */
  stop(): Promise<void>;
}

export const runAgent = async (spec: AgentSpec, place: AgentPlace): Promise<RunningAgent> => {
  const lines: string[] = [];
  // nsenter, env and sh each become the program that they start: there is one process, whose id is the agent's.
  const [file, ...args] = [...onNode(place.node), 'sh', '-c', `exec ${commandOf(spec, place)}`] as const;
  const child = await startProcess(file, args, {
    output: (line) => {
      lines.push(line);
      if (lines.length > REMEMBERED_LINES) lines.shift();
    },
  });
  let end: number | undefined;
  void child.ended.then(({ code }) => {
    end = code;
  });
  return {
    name: spec.name,
    usage: () => usageOf(child.pid),
    assertAlive() {
      if (end !== undefined) throw new Error(`${spec.name} ended with ${end}:\n${lines.join('\n')}`);
    },
    async stop() {
      await child.stop();
    },
  };
};
