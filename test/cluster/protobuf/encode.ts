/** Protocol Buffers by hand, for tests: each function returns the bytes of one field. */

const varint = (value: number): number[] =>
  value < 128 ? [value] : [(value % 128) + 128, ...varint(Math.floor(value / 128))];

export const number = (field: number, value: number): Buffer => Buffer.from([...varint(field * 8), ...varint(value)]);

export const bytes = (field: number, ...content: readonly (Buffer | string)[]): Buffer => {
  const whole = Buffer.concat(content.map((part) => (typeof part === 'string' ? Buffer.from(part) : part)));
  return Buffer.concat([Buffer.from([...varint(field * 8 + 2), ...varint(whole.length)]), whole]);
};

/** The bytes before each object, and the object in runtime.Unknown. */
export const envelope = (...content: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from('k8s\0'), bytes(1, bytes(1, 'v1')), bytes(2, ...content), bytes(3, '')]);

/** One event of a watch, with its length before it. */
export const frame = (type: string, object: Buffer): Buffer => {
  const event = Buffer.concat([bytes(1, type), bytes(2, bytes(1, object))]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(event.length);
  return Buffer.concat([length, event]);
};
