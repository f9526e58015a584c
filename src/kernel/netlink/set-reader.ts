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
import { askUntilWhole, type Netlink, NetlinkError } from './netlink.ts';

/**
 * Reads our sets and no others: of a set of somebody else the kernel tells the header, which is passed over unread, so that
 * neither its type and revision nor its size matter.
 */
export interface SetReader {
  /** Our sets without their members. @throws NetlinkError */
  headers(): Promise<ReadonlyMap<string, SetHeader>>;
  /** The kernel's messages about one set; undefined where there is none of that name. @throws NetlinkError */
  messages(name: string): Promise<readonly NetlinkMessage[] | undefined>;
  /** Our sets with their members, or those of them that are asked for. @throws NetlinkError */
  read(isAsked?: (name: string) => boolean): Promise<ReadonlyMap<string, ObservedSet>>;
}

/** errno(3) */
const ENOENT = -2;
/** From this many members of others on, our sets are asked about one by one. */
const LARGE = 10_000;

export const createSetReader = (netlink: Netlink): SetReader => {
  const ask = (request: NetlinkRequest): Promise<readonly NetlinkMessage[]> => askUntilWhole(netlink, request);

  /** Sets of others have very many members, which the kernel would count for their headers. */
  let othersAreLarge = false;

  const ownHeaders = async (): Promise<readonly SetHeader[]> => {
    const names = (await ask(NAMES_REQUEST)).map(nameIn).filter(isOwnSet);
    const answers = await Promise.all(names.map((name) => askAbout(headerRequest(name))));
    return answers.flatMap((answer) => (answer ?? []).map(headerIn)).filter((header) => header !== undefined);
  };

  const headers = async (): Promise<ReadonlyMap<string, SetHeader>> => {
    const found = othersAreLarge
      ? await ownHeaders()
      : (await ask(HEADERS_REQUEST)).map(headerIn).filter((header) => header !== undefined);
    const others = found.filter(({ name }) => !isOwnSet(name));
    othersAreLarge ||= others.reduce((sum, { entries }) => sum + entries, 0) > LARGE;
    return new Map(found.filter(({ name }) => isOwnSet(name)).map((header) => [header.name, header]));
  };

  /** The answer about one set; undefined where it is gone. */
  const askAbout = async (request: NetlinkRequest): Promise<readonly NetlinkMessage[] | undefined> => {
    try {
      return await ask(request);
    } catch (error) {
      if (error instanceof NetlinkError && error.code === ENOENT) return undefined;
      throw error;
    }
  };

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
    async read(isAsked = () => true) {
      const names = [...(await headers()).keys()].filter(isAsked);
      const sets = await Promise.all(names.map(async (name) => [name, await readOne(name)] as const));
      return new Map(sets.flatMap(([name, set]) => (set === undefined ? [] : [[name, set] as const])));
    },
  };
};
