import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { asList, asObject, asText } from '../raw.ts';
import { POD_INTERFACE } from './parse-result.ts';
import { readResultFile } from './read-result-file.ts';

/** libcni also stores a result for each sandbox's loopback interface. */
const LOOPBACK = 'lo';
/** Maximum per scan: a node has a few hundred pods, few of which have further interfaces. */
const MOST_FILES = 2_000;

const isFurther = (file: string): boolean =>
  file.includes('-') && !file.endsWith(`-${POD_INTERFACE}`) && !file.endsWith(`-${LOOPBACK}`);

/** Returns the pod and the interface of a result that is not about the cluster's network. */
const readNote = (text: string): { readonly podUid: string; readonly name: string } | undefined => {
  const raw = asObject(JSON.parse(text));
  const pair = asList(raw['cniArgs']).find((each) => asList(each)[0] === 'K8S_POD_UID');
  const podUid = asText(asList(pair)[1]);
  const name = asText(raw['ifName']);
  if (raw['kind'] !== 'cniCacheV1' || podUid === undefined || name === undefined) return undefined;
  if (name === POD_INTERFACE || name === LOOPBACK) return undefined;
  const network = asText(raw['networkName']);
  return { podUid, name: network === undefined ? name : `${name} (${network})` };
};

/**
 * Returns the interfaces of the node's pods beside the one on the cluster's network, by pod UID, from libcni's cache
 * (cniCacheV1). Skips unreadable files; a missing folder has none.
 */
export const readFurtherInterfaces = async (folder: string): Promise<ReadonlyMap<string, readonly string[]>> => {
  const files = await readdir(folder).catch((): string[] => []);
  const found = new Map<string, string[]>();
  for (const file of files.filter(isFurther).slice(0, MOST_FILES)) {
    try {
      const note = readNote((await readResultFile(path.join(folder, file))).text);
      if (note !== undefined) found.set(note.podUid, [...(found.get(note.podUid) ?? []), note.name].sort());
    } catch {
      // The file was deleted, or is being written.
    }
  }
  return found;
};
