import type { components } from './schema.js';

/** An error of the API (RFC 9457). Programs decide by its `type`. */
export type Problem = components['schemas']['Problem'];

/** What the server refused. `message` says what to do and may be shown. */
export class StudycastError extends Error {
  override readonly name = 'StudycastError';
  /** HTTP status of the answer. */
  readonly status: number;
  /** What the API said; absent when a proxy or something else answered. */
  readonly problem: Problem | undefined;
  /** When to come back, in milliseconds; 0 = not told. */
  readonly retryAfter: number;

  constructor(response: Response, body: unknown) {
    const problem = isProblem(body) ? body : undefined;
    super(text(problem) || `The server answered ${response.status}.`);
    this.status = response.status;
    this.problem = problem;
    this.retryAfter = retryAfter(response);
  }

  /** Kind of the problem, like `urn:studycast:problem:not-found`. */
  get type(): Problem['type'] | undefined {
    return this.problem?.type;
  }
}

/** Ends the watch of a job that somebody deleted. */
export class JobDeleted extends Error {
  override readonly name = 'JobDeleted';

  constructor(readonly id: string) {
    super('The job was deleted.');
  }
}

function isProblem(body: unknown): body is Problem {
  return typeof body === 'object' && body !== null && 'type' in body && 'title' in body;
}

function text(problem: Problem | undefined): string | undefined {
  const fields = (problem?.errors ?? []).map((field) => `${field.location}: ${field.message}`);
  return fields.join('\n') || problem?.detail || problem?.title;
}

/** The pause that an answer asks for, in milliseconds; 0 = none. */
export function retryAfter(response: Response): number {
  const value = response.headers.get('Retry-After') ?? '';
  const wait = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Math.max(0, wait || 0);
}

/** Returns the data of an answer, or throws a StudycastError. */
export async function unwrap<T>(answer: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { data, error, response } = await answer;
  if (!response.ok) throw new StudycastError(response, error);
  return data as T;
}
