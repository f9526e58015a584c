/** Stale sets: they exist in the kernel, and their members belong to no current state. */

const DESTROY = 'destroy ';

/** Returns the line of `ipset restore` that destroys a set. */
export const destroyLine = (name: string): string => `${DESTROY}${name}`;

/** Returns the set's name from such a line. */
export const destroyedSet = (line: string): string => line.slice(DESTROY.length);

export interface EmptiedFirst {
  /** The lines, preceded by those that empty the sets to be created again. */
  readonly lines: string;
  /** Names of the stale sets that the lines create again. */
  readonly again: readonly string[];
}

/** Prepends `flush` for stale sets that are re-created, so that their old members don't become valid again. */
export const emptyFirst = (lines: string, stale: readonly string[]): EmptiedFirst => {
  const again = stale.filter((name) => lines.includes(`create ${name} `));
  return { lines: `${again.map((name) => `flush ${name}\n`).join('')}${lines}`, again };
};
