/** Sets that are in the kernel and of no use: what they hold is of no state that counts. */

const DESTROY = 'destroy ';

/** The line of `ipset restore` that destroys a set. */
export const destroyLine = (name: string): string => `${DESTROY}${name}`;

/** The name in such a line. */
export const destroyedSet = (line: string): string => line.slice(DESTROY.length);

export interface EmptiedFirst {
  /** The lines with those before them that empty what is made again. */
  readonly lines: string;
  /** Names of the stale sets that the lines make again. */
  readonly again: readonly string[];
}

/** Lines that make a stale set know nothing of what it holds: members would come back that nobody allows any more. */
export const emptyFirst = (lines: string, stale: readonly string[]): EmptiedFirst => {
  const again = stale.filter((name) => lines.includes(`create ${name} `));
  return { lines: `${again.map((name) => `flush ${name}\n`).join('')}${lines}`, again };
};
