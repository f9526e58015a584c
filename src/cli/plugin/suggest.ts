import { readFlows } from '../../suggest/flows-document.ts';
import { declareSuggest, recordsOfFiles, runSuggest, type SuggestOptions } from '../suggest.ts';
import { type ExitCode, UsageError, type Verb } from '../verb.ts';
import { type AgentOptions, agentOptions, openAgents } from './agents.ts';
import { askFlows } from './ask-flows.ts';

interface Options extends SuggestOptions, AgentOptions {}

export const pluginSuggestVerb: Verb = {
  declare(command) {
    declareSuggest(command);
    for (const option of agentOptions()) command.addOption(option);
    command.addHelpText(
      'after',
      `
Makes policies of what the agents of all nodes recorded in the last 24 hours:
for each workload one that allows what was seen, DNS, and nothing else. Each
rule has its evidence as a comment; the comment at the top says how far to trust
it. Nothing is applied.

Examples:
  kubectl portcullis suggest -n shop > suggested.yaml
  kubectl portcullis suggest -n shop --diff
  kubectl portcullis flows -o json > flows.json
  kubectl portcullis suggest --flows flows.json -n shop`,
    );
  },
  async run(command, io): Promise<ExitCode> {
    const options = command.opts<Options>();
    if (options.flows !== undefined) return runSuggest(options, await recordsOfFiles(options), io);
    if (options.filename !== undefined) throw new UsageError('-f needs --flows: agents know only their own cluster');
    const { merged, isWhole } = await askFlows(await openAgents(options, io), options, {}, io);
    const code = await runSuggest(options, readFlows(merged, 'the agents'), io);
    return isWhole ? code : 1;
  },
};
