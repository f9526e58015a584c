import { openEnvelope, readMessage } from './message.ts';
import { STATUS } from './schema.ts';

/** Returns a metav1.Status in protobuf as JSON text with the fields that are read; '' for anything else. */
export const statusText = (bytes: Buffer): string => {
  try {
    const { from, to } = openEnvelope(bytes);
    return JSON.stringify(readMessage(bytes, from, to, STATUS));
  } catch {
    return '';
  }
};
