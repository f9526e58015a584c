import { Agent, type RequestOptions, request } from 'node:https';
import { text } from 'node:stream/consumers';
import { collectionPath, type ObjectRef, objectPath } from './kinds.ts';

/** An object as the API server returned it. */
export interface StoredObject extends ObjectRef {
  readonly metadata: ObjectRef['metadata'] & { readonly uid: string; readonly resourceVersion: string };
}

/** A small client with all rights. Each call returns the object as stored, and throws an Error with the server's message. */
export interface AdminClient {
  /** Creates an object that must not exist yet. */
  create(object: ObjectRef): Promise<StoredObject>;
  /** Creates or changes an object (server-side apply): removes fields that an earlier apply set and this one does not. */
  apply(object: ObjectRef): Promise<StoredObject>;
  /** Changes some fields (JSON merge patch: null removes a field). */
  patch(ref: ObjectRef, change: object): Promise<StoredObject>;
  /** The same for the status subresource. */
  patchStatus(ref: ObjectRef, status: object): Promise<StoredObject>;
  /**
   * Deletes at once, or after a grace period (seconds) in which a kubelet would end the pod. Also finalizes a
   * namespace, since its controller does not run here; the namespace's objects stay.
   */
  delete(ref: ObjectRef, graceSeconds?: number): Promise<void>;
  /** Sends any GET that the methods above lack. */
  get(path: string): Promise<unknown>;
  /** Closes idle connections. */
  close(): void;
}

export interface ClientSettings {
  readonly url: string;
  readonly ca: string;
  readonly token: string;
}

interface Call {
  readonly method: string;
  readonly path: string;
  readonly body?: object;
  readonly contentType?: string;
}

const MERGE_PATCH = 'application/merge-patch+json';
/** JSON is YAML. */
const APPLY_PATCH = 'application/apply-patch+yaml';

export const createAdminClient = ({ url, ca, token }: ClientSettings): AdminClient => {
  const agent = new Agent({ keepAlive: true, ca });

  const call = async ({ method, path, body, contentType = 'application/json' }: Call): Promise<unknown> => {
    const content = body === undefined ? '' : JSON.stringify(body);
    const options: RequestOptions = {
      method,
      agent,
      headers: {
        Authorization: `Bearer ${token}`,
        'Content-Type': contentType,
        // Node sends no length by itself for DELETE, and the server would take the body for the next request.
        'Content-Length': Buffer.byteLength(content),
      },
    };
    const { code, answer } = await new Promise<{ code: number; answer: string }>((resolve, reject) => {
      const sent = request(`${url}${path}`, options, (response) => {
        text(response).then((answer) => {
          resolve({ code: response.statusCode ?? 0, answer });
        }, reject);
      });
      sent.once('error', reject);
      sent.end(content);
    });
    if (code < 200 || code > 299) throw new Error(`${method} ${path}: ${String(code)} ${answer}`);
    return answer.startsWith('{') ? JSON.parse(answer) : answer;
  };

  const store = async (what: Call): Promise<StoredObject> => (await call(what)) as StoredObject;

  return {
    create: (object) => store({ method: 'POST', path: collectionPath(object), body: object }),
    apply: (object) =>
      store({
        method: 'PATCH',
        path: `${objectPath(object)}?fieldManager=portcullis&force=true`,
        body: object,
        contentType: APPLY_PATCH,
      }),
    patch: (ref, change) => store({ method: 'PATCH', path: objectPath(ref), body: change, contentType: MERGE_PATCH }),
    patchStatus: (ref, status) =>
      store({ method: 'PATCH', path: `${objectPath(ref)}/status`, body: { status }, contentType: MERGE_PATCH }),
    async delete(ref, graceSeconds = 0) {
      const path = objectPath(ref);
      await call({ method: 'DELETE', path, body: { gracePeriodSeconds: graceSeconds } });
      if (ref.kind !== 'Namespace') return;
      const { apiVersion, kind, metadata } = ref;
      await call({ method: 'PUT', path: `${path}/finalize`, body: { apiVersion, kind, metadata, spec: {} } });
    },
    get: (path) => call({ method: 'GET', path }),
    close() {
      agent.destroy();
    },
  };
};
