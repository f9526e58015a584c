import { expect, jest, test } from '@jest/globals';
import { ApiError } from '../../../src/cluster/api/api-error.ts';
import type { ApiConnection, Connect } from '../../../src/cluster/api/connection.ts';
import { shareConnection } from '../../../src/cluster/api/shared-connection.ts';

const connection = (server: string): ApiConnection => ({ server, options: () => Promise.resolve({}) });

const refused = (code: number): ApiError => new ApiError('refused', code, undefined);

const openShared = () => {
  const connect = jest.fn<Connect>().mockResolvedValueOnce(connection('a')).mockResolvedValueOnce(connection('b'));
  return { connect, shared: shareConnection(connect) };
};

test('requests share one connection', async () => {
  const { connect, shared } = openShared();
  const servers = [shared.use(({ server }) => Promise.resolve(server)), shared.current().then(({ server }) => server)];
  expect(await Promise.all(servers)).toEqual(['a', 'a']);
  expect(connect).toHaveBeenCalledTimes(1);
});

test.each([
  ['a plain refusal', refused(404), 'a'],
  ['an outdated token', refused(401), 'b'],
  ['a broken connection', new Error('socket hang up'), 'b'],
])('a shared connection is made again only if it may be the cause of %s', async (_, failure, next) => {
  const { shared } = openShared();
  await expect(shared.use(() => Promise.reject(failure))).rejects.toBe(failure);
  expect(await shared.use(({ server }) => Promise.resolve(server))).toBe(next);
});

test('a shared connection that could not be made is tried again', async () => {
  const connect = jest.fn<Connect>().mockRejectedValueOnce(new Error('no such file'));
  const shared = shareConnection(connect.mockResolvedValueOnce(connection('a')));
  await expect(shared.use(() => Promise.resolve())).rejects.toThrow('no such file');
  expect(await shared.use(({ server }) => Promise.resolve(server))).toBe('a');
});
