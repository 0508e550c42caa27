import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock, systemRandom } from '@engramkit/core';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { failure, json, type ScriptedServer, startServer } from '../../test/api-server.js';
import { makeCertificates } from '../../test/certificates.js';
import { createKubernetesClient } from './api-client.js';
import { type ClusterConnection, fixedCredential } from './connection.js';
import { inClusterConnection } from './in-cluster.js';
import { kubeconfigConnection } from './kubeconfig.js';
import type { KubernetesClient } from './kubernetes-client.js';
import { KubernetesError } from './kubernetes-error.js';
import { retryKubernetes } from './retry-kubernetes.js';
import { tokenFileCredential } from './token-file.js';

const certificates = makeCertificates();
if (certificates === undefined) {
  console.warn('SKIPPED: the Kubernetes client against a TLS server, because there is no openssl');
}

const STEP = {
  group: 'runs.bubustack.io',
  version: 'v1alpha1',
  plural: 'stepruns',
  namespace: 'team',
  name: 'run',
} as const;
const PATH = '/apis/runs.bubustack.io/v1alpha1/namespaces/team/stepruns/run';
const object = (resourceVersion = '1', name = 'run') => ({ metadata: { name, resourceVersion } });

describe.skipIf(certificates === undefined)('the Kubernetes client', () => {
  if (certificates === undefined) return;
  let server: ScriptedServer;
  let client: KubernetesClient;
  let folder = '';
  const extra: KubernetesClient[] = [];
  const connect = (connection: Partial<ClusterConnection> = {}): KubernetesClient => {
    const made = createKubernetesClient({
      connection: {
        server: server.url,
        ca: certificates.ca,
        credentials: fixedCredential({ authorization: 'Bearer one' }),
        ...connection,
      },
      namespace: 'team',
      clock: systemClock,
      random: { ...systemRandom, float: () => 0 },
    });
    extra.push(made);
    return made;
  };
  beforeEach(async () => {
    server = await startServer(certificates);
    folder = await mkdtemp(join(tmpdir(), 'kubernetes-'));
    client = connect();
  });
  afterEach(async () => {
    await Promise.all(extra.splice(0).map((made) => made.close()));
    await server.close();
    await rm(folder, { recursive: true, force: true });
  });

  it('gets, creates, updates, patches and deletes over one connection', async () => {
    server.answer(json(object()));
    expect(await client.get(STEP)).toEqual(object());
    await client.create(STEP, { a: 1 }).catch(() => undefined);
    await client.update(STEP, { a: 2 });
    await client.patch(STEP, { status: { x: null } }, { type: 'merge', subresource: 'status' });
    await client.patch(STEP, [{ op: 'remove', path: '/a' }], { type: 'json' });
    await client.delete(STEP, { propagationPolicy: 'Background', preconditions: { uid: 'u' } });
    expect(server.requests.map(({ method, path, body }) => [method, path, body])).toEqual([
      ['GET', PATH, undefined],
      ['POST', PATH, { a: 1 }],
      ['PUT', PATH, { a: 2 }],
      ['PATCH', `${PATH}/status`, { status: { x: null } }],
      ['PATCH', PATH, [{ op: 'remove', path: '/a' }]],
      [
        'DELETE',
        PATH,
        {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          preconditions: { uid: 'u' },
        },
      ],
    ]);
    expect(server.requests.map((request) => request.connection)).toEqual([1, 1, 1, 1, 1, 1]);
    expect(server.requests[3]?.headers).toMatchObject({
      'content-type': 'application/merge-patch+json',
      'user-agent': 'bubu-sdk-go',
      authorization: 'Bearer one',
    });
    expect(server.requests[4]?.headers['content-type']).toBe('application/json-patch+json');
  });

  it('reads all pages of a list', async () => {
    server.answer(
      json({ metadata: { resourceVersion: '9', continue: 'next' }, items: [object('1', 'a')] }),
      json({ metadata: { resourceVersion: '9' }, items: [object('2', 'b')] }),
    );
    const { group, version, plural } = STEP;
    const list = await client.list(
      { group, version, plural },
      { labelSelector: 'a=b', pageSize: 1 },
    );
    expect(list.items.map((item) => item.metadata.name)).toEqual(['a', 'b']);
    expect(list.resourceVersion).toBe('9');
    expect(server.requests[1]?.path).toBe('/apis/runs.bubustack.io/v1alpha1/stepruns');
    expect(String(server.requests[1]?.query)).toBe('labelSelector=a%3Db&limit=1&continue=next');
  });

  it.each([
    [404, 'NotFound', 'never'],
    [403, 'Forbidden', 'never'],
    [409, 'Conflict', 'never'],
    [410, 'Expired', 'never'],
    [422, 'Invalid', 'never'],
    [429, 'TooManyRequests', 'rate-limited'],
    [500, 'ServerTimeout', 'safe'],
    [503, 'ServiceUnavailable', 'safe'],
    [504, 'Timeout', 'safe'],
  ])('turns %i %s into an error that says whether to retry: %s', async (status, reason, retry) => {
    server.answer(failure(status, reason, { 'retry-after': '3' }));
    await expect(client.get(STEP)).rejects.toMatchObject({
      name: 'KubernetesError',
      status,
      reason,
      retry,
      retryAfterMs: 3_000,
      message: expect.stringContaining(`GET ${PATH}`),
    });
  });

  it('says that a write may have happened when the connection breaks after it was applied', async () => {
    server.answer((_request, _response, socket) => socket.destroy());
    await expect(client.patch(STEP, {}, { type: 'merge' })).rejects.toMatchObject({
      reason: 'ConnectionLost',
      retry: 'unknown',
    });
    await expect(client.get(STEP)).rejects.toMatchObject({ retry: 'safe' });
  });

  it.each([
    ['says nothing', () => undefined],
    [
      'stops in the middle of the body',
      (_request: unknown, response: { write(text: string): unknown }) => response.write('{"a"'),
    ],
  ])('gives up on a server that %s', async (_name, answer) => {
    server.answer(answer);
    await expect(client.get(STEP, { timeoutMs: 200 })).rejects.toMatchObject({
      reason: 'RequestTimeout',
      status: 0,
      retry: 'safe',
    });
  });

  it('ends at once when the signal aborts, with its reason', async () => {
    const controller = new AbortController();
    server.answer(() => controller.abort(new Error('enough')));
    await expect(client.get(STEP, { signal: controller.signal })).rejects.toThrow('enough');
  });

  it('names a server whose certificate is not trusted, and one that is not there', async () => {
    const strangers = connect({ ca: undefined });
    await expect(strangers.get(STEP)).rejects.toMatchObject({
      reason: 'InvalidCertificate',
      retry: 'never',
    });
    const nobody = connect({ server: 'https://127.0.0.1:1' });
    await expect(nobody.patch(STEP, {}, { type: 'merge' })).rejects.toMatchObject({
      reason: 'ConnectionFailed',
      retry: 'safe',
    });
  });

  it('refuses answers that are no objects of the API', async () => {
    server.answer((_request, response) => response.end('<html>'));
    await expect(client.get(STEP)).rejects.toMatchObject({ reason: 'InvalidResponse' });
    server.answer(json([]));
    await expect(client.get(STEP)).rejects.toMatchObject({ reason: 'InvalidResponse' });
  });

  it.each(['../secrets/x', '', '..', 'a/b', 'a?b', 'a%2fb'])(
    'refuses the name %j',
    async (name) => {
      await expect(client.get({ ...STEP, name })).rejects.toMatchObject({
        code: 'KUBERNETES_NAME_INVALID',
      });
      expect(server.requests).toHaveLength(0);
    },
  );

  it('reads the token anew when it is refused, once', async () => {
    const path = join(folder, 'token');
    await writeFile(path, 'old\n');
    const rotating = connect({ credentials: tokenFileCredential(path, systemClock) });
    server.answer(json(object()));
    await rotating.get(STEP);
    await writeFile(path, 'new\n');
    server.answer(failure(401, 'Unauthorized'), json(object()));
    await rotating.get(STEP);
    expect(server.requests.map((request) => request.headers.authorization)).toEqual([
      'Bearer old',
      'Bearer old',
      'Bearer new',
    ]);
    server.answer(failure(401, 'Unauthorized'));
    await expect(rotating.get(STEP)).rejects.toMatchObject({ status: 401, retry: 'never' });
    expect(server.requests).toHaveLength(5);
  });

  it('connects as a pod does', async () => {
    await writeFile(join(folder, 'token'), 'pod');
    await writeFile(join(folder, 'ca.crt'), certificates.ca);
    const connection = await inClusterConnection({
      serviceHost: '127.0.0.1',
      servicePort: new URL(server.url).port,
      clock: systemClock,
      accountFolder: folder,
    });
    server.answer(json(object()));
    await connect(connection ?? {}).get(STEP);
    expect(server.requests[0]?.headers.authorization).toBe('Bearer pod');
    expect(
      await inClusterConnection({ serviceHost: '', servicePort: '', clock: systemClock }),
    ).toBeUndefined();
  });

  const kubeconfig = async (user: string): Promise<ClusterConnection> => {
    const path = join(folder, 'config');
    await writeFile(join(folder, 'ca.crt'), certificates.ca);
    await writeFile(
      path,
      `current-context: c\ncontexts: [{name: c, context: {cluster: k, user: u}}]\n` +
        `clusters: [{name: k, cluster: {server: "${server.url}/", certificate-authority: ca.crt}}]\n` +
        `users: [{name: u, user: ${user}}]\n`,
    );
    return kubeconfigConnection({
      path,
      clock: systemClock,
      variables: { PATH: process.env.PATH },
    });
  };

  it('connects with each credential of a kubeconfig', async () => {
    await writeFile(join(folder, 'tls.crt'), certificates.client.cert);
    await writeFile(join(folder, 'token'), 'filed');
    const key = Buffer.from(certificates.client.key).toString('base64');
    const status = JSON.stringify({ kind: 'ExecCredential', status: { token: 'executed' } });
    await writeFile(join(folder, 'plugin.mjs'), `console.log(process.env.SHOWN)`);
    const plugin =
      `{exec: {apiVersion: client.authentication.k8s.io/v1, command: ${process.execPath}, ` +
      `args: [${join(folder, 'plugin.mjs')}], env: [{name: SHOWN, value: '${status}'}]}}`;
    server.answer(json(object()));
    for (const user of [
      '{token: plain}',
      '{tokenFile: token}',
      '{username: a, password: b}',
      plugin,
      `{client-certificate: tls.crt, client-key-data: ${key}}`,
    ]) {
      await connect(await kubeconfig(user)).get(STEP);
    }
    expect(
      server.requests.map(({ headers, client: name }) => headers.authorization ?? name),
    ).toEqual(['Bearer plain', 'Bearer filed', 'Basic YTpi', 'Bearer executed', 'client']);
  });

  it.each([
    ['{client-certificate: missing.crt, client-key: x}', 'missing.crt'],
    ['{auth-provider: {name: gcp}}', 'auth-provider'],
    ['{exec: {}}', 'no command'],
  ])('says what is wrong with the user %s', async (user, text) => {
    await expect(kubeconfig(user)).rejects.toMatchObject({
      code: 'KUBERNETES_INVALID_CONFIGURATION',
      message: expect.stringContaining(text),
    });
  });

  it('never shows the parameters of a credential plugin that fails', async () => {
    const connection = await kubeconfig(
      `{exec: {command: ${process.execPath}, args: ["-e", "process.exit(3)", hunter2]}}`,
    );
    const error = await connect(connection)
      .get(STEP)
      .catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(KubernetesError);
    expect(JSON.stringify(error)).toContain('failed with 3');
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  it('watches over lost connections and lost history', async () => {
    const events = (...lines: unknown[]) =>
      ((_request, response) => {
        for (const line of lines) response.write(`${JSON.stringify(line)}\n`);
        response.end();
      }) satisfies Parameters<ScriptedServer['answer']>[0];
    const controller = new AbortController();
    server.answer(
      json({ metadata: { resourceVersion: '5' }, items: [object('4', 'a')] }),
      events(
        { type: 'ADDED', object: object('6', 'b') },
        { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } },
      ),
      (_request, response, socket) => {
        response.write(`${JSON.stringify({ type: 'MODIFIED', object: object('8', 'b') })}\n`, () =>
          socket.destroy(),
        );
      },
      events({ type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired' } }),
      json({ metadata: { resourceVersion: '20' }, items: [object('19', 'c')] }),
      events({ type: 'DELETED', object: object('21', 'c') }),
      () => undefined,
    );
    const seen: unknown[] = [];
    for await (const { type, object: changed } of client.watch(STEP_TYPE, {
      signal: controller.signal,
    })) {
      seen.push(`${type} ${changed?.metadata.name ?? ''}`.trim());
      if (type === 'deleted') controller.abort();
    }
    expect(seen).toEqual(['added a', 'added b', 'modified b', 'relisted', 'added c', 'deleted c']);
    expect(
      server.requests
        .filter((request) => request.query.has('watch'))
        .map((request) => request.query.get('resourceVersion')),
    ).toEqual(['5', '7', '8', '20']);
  });

  it('watches one object without listing, and stops when it may not', async () => {
    server.answer(json(object('3')), failure(403, 'Forbidden'));
    const seen: string[] = [];
    await expect(
      (async () => {
        for await (const { type } of client.watch(STEP_TYPE, { name: 'run' })) seen.push(type);
      })(),
    ).rejects.toMatchObject({ status: 403 });
    expect(seen).toEqual(['added']);
    expect(server.requests[1]?.query.get('fieldSelector')).toBe('metadata.name=run');
  });

  it('ends watches and calls when it is closed', async () => {
    server.answer(
      json({ metadata: { resourceVersion: '1' }, items: [object()] }),
      (_request, response) => {
        response.flushHeaders();
      },
    );
    const events = client.watch(STEP_TYPE)[Symbol.asyncIterator]();
    await events.next();
    const next = events.next();
    await client.close();
    expect(await next).toMatchObject({ done: true });
    await expect(client.get(STEP)).rejects.toMatchObject({ reason: 'Closed' });
  });

  it('retries what may heal, after the time that the server asks for, and nothing else', async () => {
    const retry = (maxRetries: number) =>
      retryKubernetes((_attempt, signal) => client.get(STEP, { signal }), {
        clock: systemClock,
        random: systemRandom,
        maxRetries,
        budgetMs: 20_000,
        baseDelayMs: 1,
      });
    server.answer(
      failure(429, 'TooManyRequests', { 'retry-after': '0' }),
      (_request, _response, socket) => socket.destroy(),
      failure(500, 'ServerTimeout'),
      json(object()),
    );
    expect(await retry(5)).toEqual(object());
    expect(server.requests).toHaveLength(4);
    server.answer(failure(409, 'Conflict'));
    await expect(retry(5)).rejects.toMatchObject({ status: 409 });
    expect(server.requests).toHaveLength(5);
    server.answer(failure(503, 'ServiceUnavailable'));
    await expect(retry(2)).rejects.toMatchObject({ status: 503 });
    expect(server.requests).toHaveLength(8);
  });
});

const STEP_TYPE = {
  group: STEP.group,
  version: STEP.version,
  plural: STEP.plural,
  namespace: STEP.namespace,
};
