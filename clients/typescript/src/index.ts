import createClient, { type Client } from 'openapi-fetch';

import { follow } from './events.js';
import { JobDeleted, unwrap } from './problem.js';
import { patient, type Retries } from './retry.js';
import type { components, operations, paths } from './schema.js';

export { JobDeleted, StudycastError, unwrap, type Problem } from './problem.js';
export type { components, operations, paths } from './schema.js';

/** A request and what became of it. */
export type Job = components['schemas']['Job'];
/** What to make of what. */
export type JobRequest = components['schemas']['SubmitBody'];
/** What became of one job of a batch. */
export type BatchResult = components['schemas']['BatchResult'];
/** Somebody who can be heard in a lesson. */
export type Voice = components['schemas']['Voice'];
/** An address of a file that works without a token. */
export type Link = components['schemas']['Link'];
/** What narrows a list. */
export type ListQuery = Omit<NonNullable<operations['list-jobs']['parameters']['query']>, 'page_token'>;
/** Dead letters that are put back to work, and how far that is; for operators. */
export type Replay = components['schemas']['Replay'];
/** A change of one of your jobs, or the id of one that is gone. */
export type JobEvent = { job: Job } | { deleted: string };

/** Where the server is and who you are. */
export interface StudycastOptions {
  /** Like `http://127.0.0.1:8080`; "" = where the page came from. */
  baseUrl: string;
  /** Token of the identity provider or API key; a function is asked before every call. */
  token?: string | (() => string | undefined | Promise<string | undefined>);
  /** How calls are made again; at most 4 times and after at most 30 s by default. */
  retries?: Partial<Retries>;
  /** Instead of the global fetch. */
  fetch?: typeof fetch;
}

/** What every call takes. */
export interface CallOptions {
  /** Ends the call, or the watch. */
  signal?: AbortSignal;
}

/** What a watch takes. */
export interface WatchOptions extends CallOptions {
  /** Told whenever the connection is up, and when it is not: the watch goes on by itself. */
  onConnection?: (up: boolean) => void;
}

/** What a submit takes. */
export interface SubmitOptions extends CallOptions {
  /** The same request with the same key gives the same job. A fresh one by default. */
  idempotencyKey?: string;
}

/** One server. */
export interface Studycast {
  /** Every operation of the API, typed; `unwrap` turns an answer into its data or a StudycastError. */
  readonly api: Client<paths>;
  /** Asks for a job; resolves as soon as it is stored. */
  submit(request: JobRequest, options?: SubmitOptions): Promise<Job>;
  /** Asks for a job and follows it; resolves with the final job, whether it succeeded or not. */
  submitAndWait(request: JobRequest, options?: SubmitOptions & { onChange?: (job: Job) => void }): Promise<Job>;
  /** Asks for up to 100 jobs; one result each, in the same order. The same batch with the same key may be sent until all are accepted. */
  submitBatch(jobs: JobRequest[], options?: SubmitOptions): Promise<BatchResult[]>;
  /** The voices that a job may name in its options. */
  voices(options?: CallOptions): Promise<Voice[]>;
  /** Reads a job with its history. */
  get(id: string, options?: CallOptions): Promise<Job>;
  /** Your jobs, newest first, page after page as they are needed. */
  list(query?: ListQuery, options?: CallOptions): AsyncGenerator<Job, void, void>;
  /**
   * The job as it is and after every change, until it is final; while it is queued also when its place in line moves.
   * Survives restarts of the server.
   */
  watchJob(id: string, options?: WatchOptions): AsyncGenerator<Job, void, void>;
  /** All your jobs after every change, until the signal; for operators also those of another owner, `*` = everybody's. */
  watchJobs(options?: WatchOptions & { owner?: string }): AsyncGenerator<JobEvent, void, void>;
  /** For operators: a replay as it is and after every change, until the outcome of each of its letters is known. */
  watchReplay(id: string, options?: WatchOptions): AsyncGenerator<Replay, void, void>;
  /** Cancels a job. */
  cancel(id: string, options?: CallOptions): Promise<Job>;
  /** Gives a failed or cancelled job another run. */
  retry(id: string, options?: CallOptions): Promise<Job>;
  /** Deletes a final job and its files. */
  remove(id: string, options?: CallOptions): Promise<void>;
  /** Stores a document; its id is a `source.upload`. */
  upload(document: Blob | ArrayBuffer | string, options?: CallOptions & { name?: string; type?: string }): Promise<string>;
  /** Links to the files of a job for what can't send a token, like a video element; they end after a while. */
  links(id: string, options?: CallOptions): Promise<Link[]>;
  /** Opens a file of a job; `range` like `bytes=0-99`. Read it by `.text()`, `.blob()` or `.body`. */
  artifact(id: string, name: string, options?: CallOptions & { range?: string }): Promise<Response>;
}

/** Returns a client of one server. It makes no call yet. */
export function createStudycast(options: StudycastOptions): Studycast {
  const api = connect(options);
  const path = (id: string) => ({ params: { path: { id } } });
  const studycast: Studycast = {
    api,
    submit: (body, { idempotencyKey = freshKey(), ...call } = {}) =>
      unwrap(api.POST('/v1/jobs', { body, params: { header: { 'Idempotency-Key': idempotencyKey } }, ...call })),
    async submitAndWait(request, { onChange, ...options } = {}) {
      let job = await studycast.submit(request, options);
      for await (job of studycast.watchJob(job.id, options)) onChange?.(job);
      return job;
    },
    async submitBatch(jobs, { idempotencyKey = freshKey(), ...call } = {}) {
      const params = { header: { 'Idempotency-Key': idempotencyKey } };
      return (await unwrap(api.POST('/v1/jobs:batch', { body: { jobs }, params, ...call }))).results;
    },
    voices: async (call) => (await unwrap(api.GET('/v1/voices', { ...call }))).voices,
    get: (id, call) => unwrap(api.GET('/v1/jobs/{id}', { ...path(id), ...call })),
    async *list(query, call) {
      for (let token: string | undefined; ; ) {
        const params = { query: { ...query, ...(token && { page_token: token }) } };
        const page = await unwrap(api.GET('/v1/jobs', { params, ...call }));
        yield* page.jobs;
        token = page.next_page_token;
        if (!token) return;
      }
    },
    async *watchJob(id, call) {
      let job: Job | undefined;
      for await (const event of events(api, { id }, call)) {
        if ('deleted' in event) throw new JobDeleted(id);
        job = 'job' in event ? event.job : job && { ...job, line: event.line };
        if (job) yield job;
        if (job && isFinal(job)) return;
      }
    },
    async *watchJobs({ owner, ...call } = {}) {
      for await (const event of events(api, owner === undefined ? {} : { query: { owner } }, call)) {
        if (!('line' in event)) yield event;
      }
    },
    async *watchReplay(id, { signal, onConnection } = {}) {
      const open = (last: string | undefined, signal: AbortSignal) => {
        const [header, stream] = streaming(last, signal);
        return answered(api.GET('/v1/replays/{id}/events', { params: { path: { id }, header }, ...stream }));
      };
      for await (const { event, data } of follow(open, signal, onConnection)) {
        if (event === 'replay') yield JSON.parse(data) as Replay;
      }
    },
    cancel: (id, call) => unwrap(api.POST('/v1/jobs/{id}:cancel', { ...path(id), ...call })),
    retry: (id, call) => unwrap(api.POST('/v1/jobs/{id}:retry', { ...path(id), ...call })),
    remove: (id, call) => unwrap(api.DELETE('/v1/jobs/{id}', { ...path(id), ...call })),
    async upload(document, { name, type, ...call } = {}) {
      const raw = { body: '', bodySerializer: () => document, headers: { 'Content-Type': type ?? 'application/octet-stream' } };
      const stored = await unwrap(api.POST('/v1/uploads', { ...raw, params: { query: name ? { name } : {} }, ...call }));
      return stored.id;
    },
    links: async (id, call) => (await unwrap(api.GET('/v1/jobs/{id}/links', { ...path(id), ...call }))).links,
    async artifact(id, name, { range, ...call } = {}) {
      const answer = api.GET('/v1/jobs/{id}/artifacts/{name}', {
        params: { path: { id, name } }, parseAs: 'stream', headers: range ? { Range: range } : {}, ...call,
      });
      await unwrap(answer);
      return (await answer).response;
    },
  };
  return studycast;
}

/** Whether nothing more happens to a job. */
export function isFinal(job: Job): boolean {
  return job.state === 'succeeded' || job.state === 'failed' || job.state === 'cancelled';
}

function connect({ baseUrl, token, retries, fetch: base }: StudycastOptions): Client<paths> {
  const api = createClient<paths>({
    baseUrl,
    fetch: patient(base ?? ((request) => fetch(request)), { most: 4, longest: 30_000, ...retries }),
    querySerializer: { array: { style: 'form', explode: false } },
  });
  api.use({
    async onRequest({ request }) {
      const who = typeof token === 'function' ? await token() : token;
      if (who) request.headers.set('Authorization', `Bearer ${who}`);
    },
  });
  return api;
}

/** The changes of one job, or of all. Events that a newer server added are passed over. */
async function* events(
  api: Client<paths>,
  { id, query }: { id?: string; query?: { owner: string } },
  { signal, onConnection }: WatchOptions = {},
): AsyncGenerator<JobEvent | { line: components['schemas']['Line'] }, void, void> {
  const open = (last: string | undefined, signal: AbortSignal) => {
    const [header, stream] = streaming(last, signal);
    return answered(
      id === undefined
        ? api.GET('/v1/events', { params: { header, ...(query && { query }) }, ...stream })
        : api.GET('/v1/jobs/{id}/events', { params: { path: { id }, header }, ...stream }),
    );
  };
  for await (const { event, data } of follow(open, signal, onConnection)) {
    if (event === 'job') yield { job: JSON.parse(data) as Job };
    if (event === 'line') yield { line: JSON.parse(data) as components['schemas']['Line'] };
    if (event === 'deleted') yield { deleted: (JSON.parse(data) as { id: string }).id };
  }
}

/** What a call of a stream says: where to go on, and how it is read. */
function streaming(last: string | undefined, signal: AbortSignal) {
  const header = last === undefined ? {} : { 'Last-Event-ID': last };
  return [header, { parseAs: 'stream', headers: { Accept: 'text/event-stream' }, signal } as const] as const;
}

/** The answer of a call that was not refused. */
async function answered(call: Promise<{ error?: unknown; response: Response }>): Promise<Response> {
  await unwrap(call);
  return (await call).response;
}

/** An idempotency key: 128 bits at random; randomUUID is there on secure pages only. */
export function freshKey(): string {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
