/** Returns the first version in a text: `conntrack v1.4.7 (conntrack-tools)`, `6.12.30-amd64`; `[0]` if there is none. */
export const versionIn = (text: string): readonly number[] => {
  const [version = '0'] = /\d+(?:\.\d+)+/.exec(text) ?? [];
  return version.split('.').map(Number);
};

export const isAtLeast = (version: readonly number[], least: readonly number[]): boolean => {
  const at = least.findIndex((part, index) => version[index] !== part);
  return at < 0 || (version[at] ?? 0) > (least[at] ?? 0);
};
