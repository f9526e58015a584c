import { isPlugin } from './plugin-mode.ts';
import { KUBECTL_PORTCULLIS } from './run-cli.ts';
import { runProcess } from './run-process.ts';
import { VERBS } from './verbs.ts';

if (isPlugin(process)) {
  const { PLUGIN_VERBS } = await import('./plugin/verbs.ts');
  await runProcess(PLUGIN_VERBS, KUBECTL_PORTCULLIS);
} else {
  await runProcess(VERBS);
}
