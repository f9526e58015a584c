import { createHash } from 'node:crypto';
import { isOwnSet } from '../../program/names.ts';
import type { ObservedSet } from '../../render/observed.ts';
import {
  headerIn,
  headerRequest,
  HEADERS_REQUEST,
  membersIn,
  membersRequest,
  nameIn,
  NAMES_REQUEST,
  type SetHeader,
} from '../../render/netlink/ip-sets.ts';
import type { NetlinkMessage, NetlinkRequest } from '../../render/netlink/message.ts';
import { askUntilWhole, type Netlink, NetlinkError, untilWhole } from './netlink.ts';

/** The kernel's description of a set, as a digest. */
export interface SetDigest {
  /** Of all that it tells: another one where any of it is another. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/**
 * Reads only our sets: of other sets the kernel sends the header, which is skipped, so that neither their type and
 * revision nor their size matter.
 */
export interface SetReader {
  /** Our sets without their members; the same object as the last time where nothing about any set changed. @throws NetlinkError */
  headers(): Promise<ReadonlyMap<string, SetHeader>>;
  /** Returns the kernel's messages about one set; undefined if there is none of that name. @throws NetlinkError */
  messages(name: string): Promise<readonly NetlinkMessage[] | undefined>;
  /** Of one set, without reading again what is as it was; undefined where there is none of that name. @throws NetlinkError */
  digest(name: string): Promise<SetDigest | undefined>;
  /** Forgets the digests of all other sets. */
  keepDigests(isAsked: (name: string) => boolean): void;
  /** Returns our sets with their members, or the requested ones. @throws NetlinkError */
  read(isAsked?: (name: string) => boolean): Promise<ReadonlyMap<string, ObservedSet>>;
}

/** errno(3) */
const ENOENT = -2;
/** If other sets have this many members, our sets are requested one by one. */
const LARGE = 10_000;
/** Of the list of headers; no set has this name (IPSET_MAXNAMELEN). */
const HEADERS = 'headers of all sets, without their members';

const digestOf = (messages: readonly NetlinkMessage[]): SetDigest => {
  const hash = createHash('sha1');
  let size = 0;
  for (const { body } of messages) {
    hash.update(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
    size += body.byteLength;
  }
  return { digest: hash.digest('base64'), size };
};

export const createSetReader = (netlink: Netlink): SetReader => {
  const ask = (request: NetlinkRequest): Promise<readonly NetlinkMessage[]> => askUntilWhole(netlink, request);

  /** Whether other sets have very many members, which the kernel would count for their headers. */
  let othersAreLarge = false;

  const ownHeaders = async (): Promise<readonly SetHeader[]> => {
    const names = (await ask(NAMES_REQUEST)).map(nameIn).filter(isOwnSet);
    const answers = await Promise.all(names.map((name) => askAbout(headerRequest(name))));
    return answers.flatMap((answer) => (answer ?? []).map(headerIn)).filter((header) => header !== undefined);
  };

  const toMap = (found: readonly SetHeader[]): ReadonlyMap<string, SetHeader> =>
    new Map(found.filter(({ name }) => isOwnSet(name)).map((header) => [header.name, header]));

  /** The last answers. */
  let listed: ReadonlyMap<string, SetHeader> = new Map();
  const digests = new Map<string, SetDigest>();

  const headers = async (): Promise<ReadonlyMap<string, SetHeader>> => {
    if (othersAreLarge) return toMap(await ownHeaders());
    const answer = await untilWhole(() => netlink.compare(HEADERS, HEADERS_REQUEST));
    if (answer === 'same') return listed;
    const found = answer.map(headerIn).filter((header) => header !== undefined);
    const others = found.filter(({ name }) => !isOwnSet(name));
    othersAreLarge ||= others.reduce((sum, { entries }) => sum + entries, 0) > LARGE;
    listed = toMap(found);
    return listed;
  };

  /** The answer about one set; undefined where it is gone. */
  const orGone = async <T>(answer: Promise<T>): Promise<T | undefined> => {
    try {
      return await answer;
    } catch (error) {
      if (error instanceof NetlinkError && error.code === ENOENT) return undefined;
      throw error;
    }
  };
  const askAbout = (request: NetlinkRequest): Promise<readonly NetlinkMessage[] | undefined> => orGone(ask(request));

  const messages = (name: string): Promise<readonly NetlinkMessage[] | undefined> => askAbout(membersRequest(name));

  const readOne = async (name: string): Promise<ObservedSet | undefined> => {
    const told = await messages(name);
    const header = told?.map(headerIn).find((each) => each !== undefined);
    if (told === undefined || header === undefined) return undefined;
    const { type, family, maxElements } = header;
    return { type, family, maxElements, members: new Set(told.flatMap((message) => membersIn(message, family))) };
  };

  return {
    headers,
    messages,
    async digest(name) {
      const answer = await orGone(untilWhole(() => netlink.compare(name, membersRequest(name))));
      const digest = answer === 'same' ? digests.get(name) : answer && digestOf(answer);
      if (digest === undefined) digests.delete(name);
      else digests.set(name, digest);
      return digest;
    },
    keepDigests(isAsked) {
      for (const name of digests.keys()) {
        if (isAsked(name)) continue;
        digests.delete(name);
        netlink.forget(name);
      }
    },
    async read(isAsked = () => true) {
      const names = [...(await headers()).keys()].filter(isAsked);
      const sets = await Promise.all(names.map(async (name) => [name, await readOne(name)] as const));
      return new Map(sets.flatMap(([name, set]) => (set === undefined ? [] : [[name, set] as const])));
    },
  };
};
