import type { IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { OtherPolicies } from '../model/other-policies.ts';
import { ApiError } from './api/api-error.ts';
import type { ApiConnection } from './api/connection.ts';
import { get, type Query } from './api/request.ts';
import { OTHER_POLICY_KINDS } from './other-policy-kinds.ts';
import { asList, asObject, asText } from './raw.ts';

/** Returns the preferred version of each group that the server has (meta/v1 APIGroupList). */
const versionsIn = (list: unknown): ReadonlyMap<string, string> =>
  new Map(
    asList(asObject(list)['groups'])
      .map(asObject)
      .flatMap((group) => {
        const name = asText(group['name']);
        const version = asText(asObject(group['preferredVersion'])['version']);
        return name === undefined || version === undefined ? [] : [[name, version] as const];
      }),
  );

/** Returns the names of the resources of a group's version (meta/v1 APIResourceList). */
const resourcesIn = (list: unknown): ReadonlySet<string> =>
  new Set(asList(asObject(list)['resources']).flatMap((each) => asText(asObject(each)['name']) ?? []));

/**
 * Asks an API server which kinds of other projects' policies it serves, and whether it stores any: lists one object of each
 * kind, which needs the right to list them. Without that right the kind is reported as served.
 * @throws what a failing request throws
 */
export const findOtherPolicies = async (
  connection: ApiConnection,
  signal: AbortSignal,
): Promise<readonly OtherPolicies[]> => {
  const ask = async (path: string, query: Query = {}): Promise<unknown> => {
    const answer: IncomingMessage = await get(connection, path, query, 'application/json', signal);
    return JSON.parse(await text(answer)) as unknown;
  };
  /** Returns the resources under a path. A group appears shortly before its kinds are served, and stays a moment longer. */
  const resourcesOf = async (path: string): Promise<ReadonlySet<string>> => {
    try {
      return resourcesIn(await ask(path));
    } catch (error) {
      if (error instanceof ApiError && error.code === 404) return new Set();
      throw error;
    }
  };
  const stateOf = async (path: string): Promise<OtherPolicies['state'] | undefined> => {
    try {
      return asList(asObject(await ask(path, { limit: '1' }))['items']).length > 0 ? 'stored' : undefined;
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // 404: the kind has just gone. Any other error says nothing about whether objects exist.
      return error.code === 404 ? undefined : 'served';
    }
  };

  const versions = versionsIn(await ask('/apis'));
  const found: OtherPolicies[] = [];
  for (const [group, kinds] of Map.groupBy(OTHER_POLICY_KINDS, (each) => each.group)) {
    const version = versions.get(group);
    if (version === undefined) continue;
    const path = `/apis/${group}/${version}`;
    const resources = await resourcesOf(path);
    for (const { kind, resource } of kinds) {
      if (!resources.has(resource)) continue;
      const state = await stateOf(`${path}/${resource}`);
      if (state !== undefined) found.push({ kind, group, state });
    }
  }
  return found;
};
