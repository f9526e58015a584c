import { CommandError, createCommandRunner } from '../../src/kernel/command.ts';
import { BUILD_MS, buildArgFlags, type Builder } from './builder.ts';
import { ROOT } from './project.ts';

const { run } = createCommandRunner();

/** Reports whether a docker daemon answers; the program alone is not enough. */
export const dockerAnswers = async (): Promise<boolean> => {
  try {
    await run('docker', ['version', '--format', '{{.Server.Version}}'], { timeoutMs: 10_000 });
    return true;
  } catch (error) {
    if (error instanceof CommandError) return false;
    throw error;
  }
};

export const buildWithDocker: Builder = async ({ image, args, archive, say }) => {
  say(`docker build -t ${image.short}`);
  const flags = ['-t', image.short, '-t', image.full, ...buildArgFlags(args)];
  await run('docker', ['build', ...flags, ROOT], { timeoutMs: BUILD_MS });
  await run('docker', ['save', '-o', archive, image.full], { timeoutMs: BUILD_MS });
};
