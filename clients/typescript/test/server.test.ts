// Against the server that STUDYCAST_SERVER names; studycast/e2e starts one.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { createStudycast, isFinal, StudycastError, unwrap, type Job } from '@studycast/client';

const server = process.env.STUDYCAST_SERVER;
assert(server, 'set STUDYCAST_SERVER, or run `go test ./studycast/e2e -run TypeScript`');
const studycast = createStudycast({ baseUrl: server });

const text = `# Tides

The moon pulls the water of the sea towards itself. The water rises on the side of the earth that looks at the moon.
The sea rises and falls twice a day. Ships wait for high water before they enter a shallow harbour.`;

test('a text becomes a lesson', { timeout: 120_000 }, async () => {
  const seen: Job[] = [];
  const submitted = await studycast.submit({ kind: 'audio', source: { text }, options: { length: 'short' }, labels: { course: 'geo-1' } });
  for await (const job of studycast.watchJob(submitted.id)) seen.push(job);
  const last = seen.at(-1);
  assert.equal(last?.state, 'succeeded', last?.fault?.text ?? '');
  assert.deepEqual(seen.filter(isFinal).length, 1);
  assert(seen.every((job, i) => i === 0 || job.version >= (seen[i - 1]?.version ?? 0)), 'changes come in order');
  assert.equal(last?.labels?.course, 'geo-1');

  const captions = await (await studycast.artifact(submitted.id, 'captions.vtt')).text();
  assert.match(captions, /^WEBVTT\n/);
  const part = await studycast.artifact(submitted.id, 'captions.vtt', { range: 'bytes=0-5' });
  assert.equal(part.status, 206);
  assert.equal(await part.text(), 'WEBVTT');
  const link = (await studycast.links(submitted.id)).find((link) => link.name === 'captions.vtt');
  assert.equal(await (await fetch(new URL(link?.url ?? '', server))).text(), captions);
  const whole = await studycast.get(submitted.id);
  assert.equal(whole.history?.at(-1)?.to, 'succeeded');
  await studycast.remove(submitted.id);
  await assert.rejects(studycast.get(submitted.id), { type: 'urn:studycast:problem:not-found', status: 404 });
});

test('voices are listed, and the one that was chosen is heard', { timeout: 120_000 }, async () => {
  const voices = await studycast.voices();
  const cal = voices.find((voice) => voice.name === 'cal');
  assert(cal?.available && cal.suits.includes('narrator'));
  const options = { length: 'short' as const, format: 'monologue' as const, voices: ['cal'] };
  const job = await studycast.submitAndWait({ kind: 'audio', source: { text }, options });
  assert.equal(job.state, 'succeeded', job.fault?.text ?? '');
  assert.deepEqual(job.options, options);
  assert.match(await (await studycast.artifact(job.id, 'transcript.md')).text(), /Cal is the voice/);
});

test('a mistake is a typed problem', async () => {
  const wrong = { kind: 'film' as 'video', source: { url: 'http://10.0.0.1/' } };
  await assert.rejects(studycast.submit(wrong), (error) => {
    assert(error instanceof StudycastError);
    assert.equal(error.status, 422);
    assert.equal(error.type, 'urn:studycast:problem:invalid-request');
    assert.equal(error.problem?.errors?.[0]?.location, 'body.kind');
    assert.match(error.message, /video/);
    assert.match(error.problem.instance, /^urn:uuid:/);
    return true;
  });
  await assert.rejects(unwrap(studycast.api.GET('/v1/jobs', { params: { query: { page_size: 0 } } })), { status: 422 });
});

test('the same key gives the same job; lists, cancels, retries', async () => {
  const id = await studycast.upload('# Tides\n\nThe moon pulls the sea.', { name: 'tides.md', type: 'text/markdown' });
  const request = { kind: 'video' as const, source: { upload: id }, run_at: new Date(Date.now() + 3_600_000).toISOString() };
  const key = `tides-${Date.now()}`;
  const job = await studycast.submit(request, { idempotencyKey: key });
  assert.equal((await studycast.submit(request, { idempotencyKey: key })).id, job.id);
  const other = await studycast.submit(request);
  assert.notEqual(other.id, job.id);

  const listed: string[] = [];
  for await (const job of studycast.list({ state: ['scheduled', 'retrying'], page_size: 1 })) listed.push(job.id);
  assert.deepEqual(listed, [other.id, job.id]);
  for (const id of listed) {
    const states: string[] = [];
    for await (const job of studycast.watchJob(id)) {
      states.push(job.state);
      if (job.state === 'scheduled') await studycast.cancel(id);
    }
    assert.deepEqual(states, ['scheduled', 'cancelled']);
  }
  assert(!isFinal(await studycast.retry(job.id)));
});

test('a batch', async () => {
  const run_at = new Date(Date.now() + 3_600_000).toISOString();
  const results = await studycast.submitBatch([
    { kind: 'audio', source: { text }, run_at },
    { kind: 'film' as 'video', source: { text } },
  ]);
  assert.deepEqual(results.map((result) => result.status), [202, 422]);
  assert.equal(results[1]?.problem?.errors?.[0]?.location, 'body.kind');
  await studycast.cancel(results[0]?.job?.id ?? '');
});

test('all jobs in one stream', { timeout: 30_000 }, async () => {
  const end = new AbortController();
  const job = await studycast.submit({ kind: 'audio', source: { text }, run_at: new Date(Date.now() + 3_600_000).toISOString() });
  const seen: string[] = [];
  await assert.rejects(async () => {
    for await (const event of studycast.watchJobs({ signal: end.signal })) {
      if ('deleted' in event) {
        if (event.deleted === job.id) end.abort();
        continue;
      }
      if (event.job.id !== job.id) continue;
      seen.push(event.job.state);
      if (event.job.state === 'scheduled') await studycast.cancel(job.id);
      if (event.job.state === 'cancelled') await studycast.remove(job.id);
    }
  }, { name: 'AbortError' });
  assert.deepEqual(seen, ['scheduled', 'cancelled']);
});

test('the example of the README', { timeout: 120_000 }, async (t) => {
  const printed: unknown[] = [];
  t.mock.method(console, 'log', (...values: unknown[]) => printed.push(values.join(' ')));
  await import('./readme.js');
  assert.match(String(printed.at(-1)), /^WEBVTT\n/);
});
