/** Parses /proc/net/dev_mcast, which lists every interface that is up and has an address of IP: index, name, counts, group. */
export const interfaceNames = (text: string): ReadonlyMap<number, string> =>
  new Map(
    text.split('\n').flatMap((line): readonly (readonly [number, string])[] => {
      const [index, name] = line.trim().split(/\s+/);
      return name === undefined ? [] : [[Number(index), name]];
    }),
  );
