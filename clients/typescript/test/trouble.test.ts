// Against a server of this file that misbehaves as servers do.
import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test, type TestContext } from 'node:test';

import { createStudycast, JobDeleted, StudycastError, type Studycast, type StudycastOptions } from '@studycast/client';

type Answer = (response: ServerResponse, request: IncomingMessage) => void;

/** A client of a server that gives one answer after another, and the requests that came. */
async function play(t: TestContext, answers: Answer[], options: Partial<StudycastOptions> = {}): Promise<[Studycast, IncomingMessage[]]> {
  const requests: IncomingMessage[] = [];
  const server = createServer((request, response) => {
    requests.push(request);
    request.resume();
    const answer = answers[requests.length - 1];
    assert(answer, `request ${requests.length} was not expected: ${request.method} ${request.url}`);
    answer(response, request);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return [createStudycast({ baseUrl: `http://127.0.0.1:${port}`, ...options }), requests];
}

const json = (status: number, body: unknown, headers = {}): Answer => (response) => {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers }).end(JSON.stringify(body));
};
const stream = (text: string, end: (response: ServerResponse) => void = (response) => response.end()): Answer => (response) => {
  response.writeHead(200, { 'Content-Type': 'text/event-stream' });
  response.write(text, () => end(response));
};
const event = (id: number, state: string) => `id: ${id}\nevent: job\ndata: {"id":"j","state":"${state}","version":${id}}\n\n`;
const lost: Answer = (response) => response.destroy();

test('a watch goes on where it broke', async (t) => {
  const [studycast, requests] = await play(t, [
    stream('retry: 10\n\n' + event(1, 'queued') + 'id: 2\nevent: job\ndata: {"id"'), // cut in an event
    lost,
    json(503, {}, { 'Retry-After': '0' }),
    stream(': still here\n\n' + event(2, 'running') + 'event: news\ndata: of a later version\n\n', (response) => response.destroy()),
    stream(event(3, 'succeeded') + event(4, 'never read')),
  ], { retries: { most: 0 } });
  const states: string[] = [];
  for await (const job of studycast.watchJob('j')) states.push(job.state);
  assert.deepEqual(states, ['queued', 'running', 'succeeded']);
  assert.deepEqual(requests.map((request) => request.headers['last-event-id']), [undefined, '1', '1', '1', '2']);
});

test('a queued job comes again when its place in line moves', async (t) => {
  const line = (position: number) => `event: line\ndata: {"position":${position}}\n\n`;
  const [studycast] = await play(t, [stream(line(9) + event(1, 'queued') + line(2) + event(2, 'running') + event(3, 'succeeded'))]);
  const seen: string[] = [];
  for await (const job of studycast.watchJob('j')) seen.push(`${job.state} ${job.line?.position ?? ''}`);
  assert.deepEqual(seen, ['queued ', 'queued 2', 'running ', 'succeeded ']);
});

test('a watch ends', async (t) => {
  const all = async (studycast: Studycast, signal?: AbortSignal) => {
    for await (const job of studycast.watchJob('j', signal ? { signal } : {})) assert.equal(job.id, 'j');
  };
  const [gone] = await play(t, [stream('event: deleted\ndata: {"id":"j"}\n\n')]);
  await assert.rejects(all(gone), JobDeleted);
  const [refused] = await play(t, [json(404, { type: 'urn:studycast:problem:not-found', title: 'Not found', status: 404 })]);
  await assert.rejects(all(refused), { status: 404, message: 'Not found' });
  const [over] = await play(t, [(response) => response.writeHead(204).end()]);
  await all(over);
  const end = new AbortController();
  const [open] = await play(t, [stream(event(1, 'queued'), () => end.abort())]);
  await assert.rejects(all(open, end.signal), { name: 'AbortError' });
  let closed: Promise<unknown> | undefined;
  const [left] = await play(t, [(response, request) => {
    closed = new Promise((resolve) => request.on('close', resolve));
    stream(event(1, 'queued'), () => {})(response, request);
  }]);
  for await (const _ of left.watchJob('j')) break;
  await closed; // nothing is left behind on the server
});

test('calls are made again as the server asks', async (t) => {
  const [studycast, requests] = await play(t, [
    json(429, {}, { 'Retry-After': '1' }), lost, json(503, {}), json(202, { id: 'j' }),
  ], { token: async () => 'secret' });
  const start = Date.now();
  assert.equal((await studycast.submit({ kind: 'audio', source: { text: 'x' } })).id, 'j');
  assert(Date.now() - start >= 1000);
  const keys = new Set(requests.map((request) => request.headers['idempotency-key']));
  assert.equal(keys.size, 1);
  assert.match(String([...keys][0]), /^[0-9a-f]{32}$/);
  assert(requests.every((request) => request.headers.authorization === 'Bearer secret'));
});

test('calls are not made again', async (t) => {
  const busy = { type: 'urn:studycast:problem:too-many-requests', title: 'Too many requests', status: 429, detail: 'Slow down.' };
  const [patient] = await play(t, [json(429, busy, { 'Retry-After': '31' })]);
  await assert.rejects(patient.get('j'), (error) => {
    assert(error instanceof StudycastError);
    assert.equal(error.message, 'Slow down.');
    assert.equal(error.retryAfter, 31_000);
    return true;
  });
  const [unsafe] = await play(t, [lost]);
  await assert.rejects(unsafe.retry('j'), TypeError);
  const [proxy] = await play(t, [(response) => response.writeHead(502).end('<html>')]);
  await assert.rejects(proxy.get('j'), { status: 502, problem: undefined, message: 'The server answered 502.' });
  const [once] = await play(t, [json(503, {})], { retries: { most: 0 } });
  await assert.rejects(once.get('j'), { status: 503 });
  const end = new AbortController();
  const [waiting] = await play(t, [(response, request) => {
    json(429, busy, { 'Retry-After': '20' })(response, request);
    response.on('finish', () => end.abort());
  }]);
  await assert.rejects(waiting.get('j', { signal: end.signal }), { name: 'AbortError' });
});

test('lists and paths are written as the server reads them', async (t) => {
  const [studycast, requests] = await play(t, [json(200, { jobs: [{ id: '2' }], next_page_token: 't' }), json(200, { jobs: [{ id: '1' }] }), json(200, {}), stream(event(7, 'queued'))]);
  const ids: string[] = [];
  for await (const job of studycast.list({ state: ['queued', 'running'] })) ids.push(job.id);
  await studycast.cancel('a/b');
  for await (const _ of studycast.watchJobs({ owner: '*' })) break;
  assert.deepEqual(ids, ['2', '1']);
  assert.deepEqual(requests.map((request) => request.url), [
    '/v1/jobs?state=queued,running', '/v1/jobs?state=queued,running&page_token=t', '/v1/jobs/a%2Fb:cancel', '/v1/events?owner=*',
  ]);
});
