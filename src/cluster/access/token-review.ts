import { asList, asObject, asText, type RawObject } from '../raw.ts';
import { ApiError } from '../api/api-error.ts';
import type { Connect } from '../api/connection.ts';
import { shareConnection } from '../api/shared-connection.ts';
import { post } from '../api/write.ts';

/** The user that a token belongs to (authentication.k8s.io/v1 UserInfo). */
interface User {
  readonly username: string;
  readonly uid: string | undefined;
  readonly groups: readonly unknown[];
  readonly extra: RawObject;
}

const userOf = (tokenReview: unknown): User | undefined => {
  const status = asObject(asObject(tokenReview)['status']);
  const user = asObject(status['user']);
  const username = asText(user['username']) ?? '';
  if (status['authenticated'] !== true || username === '') return undefined;
  return { username, uid: asText(user['uid']), groups: asList(user['groups']), extra: asObject(user['extra']) };
};

const tokenReview = (token: string): object => ({
  apiVersion: 'authentication.k8s.io/v1',
  kind: 'TokenReview',
  spec: { token },
});

const accessReview = ({ username, uid, groups, extra }: User, path: string): object => ({
  apiVersion: 'authorization.k8s.io/v1',
  kind: 'SubjectAccessReview',
  spec: { user: username, uid, groups, extra, nonResourceAttributes: { path, verb: 'get' } },
});

/** Maximum time that a caller waits for an answer. */
const TIMEOUT_MS = 5_000;

/** The result of a review. */
type Decision = 'allowed' | 'unauthenticated' | 'forbidden';

const withAdvice = (error: unknown): unknown =>
  error instanceof ApiError && error.code === 403
    ? new Error(
        'the agent may not ask about tokens: grant it create on tokenreviews and subjectaccessreviews ' +
          '(manifests/components/metrics-auth)',
        { cause: error },
      )
    : error;

/**
 * Asks the API server who bears a token (TokenReview), and whether that user may `get` the path as a nonResourceURL
 * (SubjectAccessReview).
 * @throws Error that says what to do, if the API server does not answer
 */
export const createTokenReview = (connect: Connect): ((token: string, path: string) => Promise<Decision>) => {
  const { current, drop } = shareConnection(connect);

  const review = async (token: string, path: string): Promise<Decision> => {
    const connection = await current();
    const ask = (url: string, body: object): Promise<unknown> =>
      post(connection, { path: url, body, timeoutMs: TIMEOUT_MS });
    const user = userOf(await ask('/apis/authentication.k8s.io/v1/tokenreviews', tokenReview(token)));
    if (user === undefined) return 'unauthenticated';
    const answer = await ask('/apis/authorization.k8s.io/v1/subjectaccessreviews', accessReview(user, path));
    const status = asObject(asObject(answer)['status']);
    return status['allowed'] === true && status['denied'] !== true ? 'allowed' : 'forbidden';
  };

  return async (token, path) => {
    try {
      return await review(token, path);
    } catch (error) {
      // Certificates, tokens and addresses change while an agent runs: the next call reads them again.
      drop();
      throw withAdvice(error);
    }
  };
};
