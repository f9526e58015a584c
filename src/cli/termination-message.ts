import { access, writeFile } from 'node:fs/promises';

/**
 * The file with a container's last message, which the kubelet creates and reads (core/v1
 * Container.terminationMessagePath).
 */
const TERMINATION_LOG = '/dev/termination-log';

/** The kubelet reads up to this many bytes. */
const LONGEST = 4_096;

/** Writes the reason of the end for `kubectl describe pod`; outside of a container it writes nothing. Never rejects. */
export const leaveTerminationMessage = async (reason: string, file = TERMINATION_LOG): Promise<void> => {
  try {
    await access(file);
    await writeFile(file, `${reason.slice(0, LONGEST / 4)}\n`);
  } catch {
    // The file does not exist: no kubelet reads it.
  }
};
