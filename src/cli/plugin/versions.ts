import packageJson from '../../../package.json' with { type: 'json' };

const numbersOf = (version: string): readonly number[] => (version.split(/[-+]/)[0] ?? '').split('.').map(Number);

/** Compares two versions by their numbers (semver 2.0.0 without pre-releases). */
const compare = (one: string, other: string): number => {
  const [left, right] = [numbersOf(one), numbersOf(other)];
  const at = left.findIndex((number, index) => number !== right[index]);
  return at < 0 ? 0 : (left[at] ?? 0) - (right[at] ?? 0);
};

/** Says that an agent is older or newer than this plugin, and what follows; undefined where they are of one version. */
export const skewOf = (
  node: string,
  version: string | undefined,
  own: string = packageJson.version,
): string | undefined => {
  if (version === undefined) {
    return `the agent of ${node} is older than this plugin (${own}): it does not tell its version, and may not know all options`;
  }
  const order = compare(version, own);
  if (order === 0) return undefined;
  return order < 0
    ? `the agent of ${node} is older (${version}) than this plugin (${own}): it may not know all options`
    : `the agent of ${node} is newer (${version}) than this plugin (${own}): what is new is not shown; update the plugin`;
};
