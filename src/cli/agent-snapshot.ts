import { startupSnapshot } from 'node:v8';
import { agentVerb } from './agent.ts';
import { runProcess } from './run-process.ts';
import { VERBS } from './verbs.ts';

/**
 * The entry of the agent's start-up snapshot (scripts/build/agent-snapshot.ts): all of its modules are loaded when the
 * snapshot is made, so that a process which starts from it can run at once.
 */
startupSnapshot.setDeserializeMainFunction(() => {
  void runProcess(
    VERBS.map((entry) => (entry.name === 'agent' ? { ...entry, load: () => Promise.resolve(agentVerb) } : entry)),
  );
});
