import { spawn } from 'node:child_process';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { readAudit } from './audit/read-audit.ts';

/**
 * `npm run audit`: asks the registry for known vulnerabilities of the agent's packages. Fails if there are any. If the
 * registry does not answer, says so and succeeds, since that is not the packages' fault.
 */

/** Maximum wait: registries answer within seconds. */
const PATIENCE_MS = 60_000;

const runAudit = async (): Promise<string> => {
  const child = spawn('npm', ['audit', '--omit=dev', '--json', '--fetch-retries=1'], {
    cwd: path.join(import.meta.dirname, '..'),
    stdio: ['ignore', 'pipe', 'ignore'],
    signal: AbortSignal.timeout(PATIENCE_MS),
    killSignal: 'SIGKILL',
  });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
  });
  // A child of npm may still hold the output open after npm's end: then the error alone ends the wait.
  return Promise.race([text(child.stdout), failed]);
};

const audit = readAudit(await runAudit().catch((error: unknown) => JSON.stringify({ message: String(error) })));
switch (audit.kind) {
  case 'clean':
    console.log(`audit: no known vulnerability in ${audit.packages} packages`);
    break;
  case 'not done':
    console.log(`audit: left out: ${audit.reason}`);
    break;
  case 'vulnerable':
    for (const { package: name, range, severity, advisories } of audit.found) {
      console.log([`audit: ${name} ${range}: ${severity}`, ...advisories].join('\n    '));
    }
    console.log(`audit: FAILED: ${audit.found.length} packages have known vulnerabilities`);
    process.exitCode = 1;
}
process.exit();
