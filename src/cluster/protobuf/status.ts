import { openEnvelope } from './envelope.ts';
import { readMessage } from './message.ts';
import { STATUS } from './schema.ts';

/** A metav1.Status in protobuf as its JSON, as far as it is read; '' for anything else. */
export const statusText = (bytes: Buffer): string => {
  try {
    const { from, to } = openEnvelope(bytes);
    return JSON.stringify(readMessage(bytes, from, to, STATUS));
  } catch {
    return '';
  }
};
