import { formatOutput } from '../output.ts';
import type { CliIo, ExitCode } from '../verb.ts';
import { pictureDocument } from './document.ts';
import { type Picture, renderPicture, summarize } from './picture.ts';
import { disagrees } from './reading.ts';
import type { PlayOptions } from './options.ts';
import type { Screen } from './screen.ts';

/** Prints one picture. @returns 1 if the kernel disagrees with the policies, or something failed */
export const printOnce = (
  picture: Picture,
  options: Pick<PlayOptions, 'output' | 'why'>,
  screen: Screen,
  io: CliIo,
): ExitCode => {
  io.out(
    formatOutput(options.output, pictureDocument(picture), () =>
      [summarize(picture.world), renderPicture(picture, screen, { why: options.why === true })].join('\n\n'),
    ),
  );
  return picture.warnings.length > 0 || picture.readings.some(disagrees) ? 1 : 0;
};
