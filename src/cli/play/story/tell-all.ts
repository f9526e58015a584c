import type { ExitCode } from '../../verb.ts';
import { wrap } from '../../wrap.ts';
import type { Ground } from '../ground.ts';
import type { Screen } from '../screen.ts';
import { type CurlResult, isAsTold } from './result-lines.ts';
import { formatPlace } from './place-text.ts';
import type { Story } from './story.ts';
import { tellStory } from './tell.ts';
import { CONNECT_SECONDS } from './try-connection.ts';

const headline = (text: string, width: number): string =>
  `━━ ${text} ${'━'.repeat(Math.max(3, width - text.length - 4))}`;

/** The end of the demo: what a reader can do next, from the repository's folder. */
const NEXT = `
Next:
  bin/portcullis play demo/01-three-tiers  edit its policies, watch the table
  bin/portcullis play YOUR-MANIFESTS/      the same with your own manifests
  bin/portcullis check -f YOUR-MANIFESTS/  mistakes and surprises in them
  docs/first-hour.md                       all of this, step by step
`;

const describeMiss = ({ curl, attempt, ending }: CurlResult): string =>
  `${formatPlace(curl.place)}: ${curl.from} $ ${attempt}: ${ending.text}; told: it ${curl.expect}`;

/** Runs stories one after the other. @returns 0 if every connection ended as the story and the policies say */
export const tellAll = async (stories: readonly Story[], ground: Ground, screen: Screen): Promise<ExitCode> => {
  const { paint, out } = screen;
  const begun = performance.now();
  const how = `Each curl really runs, in its pod's network namespace, and gives up connecting after ${CONNECT_SECONDS} s.`;
  out(
    `${wrap(how, screen.width())
      .map((line) => paint('dim', line))
      .join('\n')}\n\n`,
  );
  const results: CurlResult[] = [];
  for (const [index, story] of stories.entries()) {
    const number = stories.length === 1 ? '' : `${index + 1} of ${stories.length} · `;
    out(`${paint(['bold', 'cyan'], headline(`${number}${story.title}`, screen.width()))}\n\n`);
    results.push(...(await tellStory(story, ground, screen)));
    out('\n');
  }
  const missed = results.filter((result) => !isAsTold(result));
  const seconds = ((performance.now() - begun) / 1000).toFixed(1);
  const told = `${stories.length} ${stories.length === 1 ? 'story' : 'stories'}, ${results.length} connections`;
  if (missed.length === 0) {
    out(`${paint(['bold', 'green'], `${told}: all ended as told, and as the policies say`)} (${seconds} s)\n`);
    if (stories.length > 1) out(NEXT);
    return 0;
  }
  out(`${paint(['bold', 'red'], `${told}: ${missed.length} did NOT end as told`)} (${seconds} s)\n`);
  out(`${missed.map(describeMiss).join('\n')}\n`);
  return 1;
};
