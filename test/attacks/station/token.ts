/** Six bytes that no other packet has: they identify what arrives, in whatever form. They fit an option of 8 bytes. */
const TOKEN = /~[0-9a-z]{4}~/g;

let last = 0;

/** Returns a token that no earlier call returned. */
export const nextToken = (): string => {
  last += 1;
  return `~${last.toString(36).padStart(4, '0')}~`;
};

/** Returns the tokens in a frame. */
export const tokensOf = (bytes: Buffer): readonly string[] => bytes.toString('latin1').match(TOKEN) ?? [];
