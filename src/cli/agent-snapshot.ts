import { startupSnapshot } from 'node:v8';
import { agentVerb } from './agent.ts';
import { runProcess } from './run-process.ts';
import { VERBS } from './verbs.ts';

/**
 * What a start-up snapshot of the agent is made from (scripts/build/agent-snapshot.ts): all modules of the agent are
 * loaded by then, and a process that begins with it has only to run.
 */
startupSnapshot.setDeserializeMainFunction(() => {
  void runProcess(
    VERBS.map((entry) => (entry.name === 'agent' ? { ...entry, load: () => Promise.resolve(agentVerb) } : entry)),
  );
});
