/** Returns the message of a thrown value, which can be anything. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
