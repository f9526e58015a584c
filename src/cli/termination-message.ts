import { access, writeFile } from 'node:fs/promises';

/** Where the kubelet looks for a container's last words (core/v1 Container.terminationMessagePath), and made the file. */
const TERMINATION_LOG = '/dev/termination-log';

/** The kubelet reads so much of it, bytes. */
const LONGEST = 4_096;

/** Leaves the reason of the end for `kubectl describe pod`; outside of a container nothing is written. Never rejects. */
export const leaveTerminationMessage = async (reason: string, file = TERMINATION_LOG): Promise<void> => {
  try {
    await access(file);
    await writeFile(file, `${reason.slice(0, LONGEST / 4)}\n`);
  } catch {
    // Nobody reads it there.
  }
};
