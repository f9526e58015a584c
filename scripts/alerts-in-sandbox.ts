import { createCommandRunner } from '../src/kernel/command.ts';
import { prepareSandbox } from '../src/lab/sandbox.ts';
import { exerciseAlerts } from '../test/alerts/live.ts';
import { endOnSignals } from './end-on-signals.ts';
import { messageOf } from '../src/model/message-of.ts';

/** The inner half of `npm run alerts`, inside the sandbox. */

endOnSignals();
await prepareSandbox(createCommandRunner());
try {
  await exerciseAlerts((line) => {
    console.log(`alerts: ${line}`);
  });
} catch (error) {
  console.error(`alerts: ${messageOf(error)}`);
  process.exitCode = 1;
}
process.exit();
