import { clusterCommand } from '../e2e/cluster/cli.ts';
import { describeError } from '../e2e/cluster/describe-error.ts';
import { clusterFolder } from '../e2e/cluster/folder.ts';

/** `npm run cluster -- up|down|kubectl …`: see its --help. */
try {
  await clusterCommand(clusterFolder(process.env)).parseAsync();
} catch (error) {
  console.error(`cluster: ${describeError(error)}`);
  process.exitCode = 1;
}
