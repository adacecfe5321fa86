import { retryAfter } from './problem.js';

/** How calls are made again. */
export interface Retries {
  /** How often at most; 0 = every call is made once. */
  most: number;
  /** The longest pause, in milliseconds; an answer that asks for more is given to the caller. */
  longest: number;
}

const lastPause = 30_000;

/** A pause that doubles with every try; the part at random keeps many clients apart. */
export function backoff(tries: number, first: number): number {
  const wait = Math.min(first * 2 ** Math.min(tries, 10), lastPause);
  return wait / 2 + (Math.random() * wait) / 2;
}

/** Resolves after a time in milliseconds; rejects once the signal is aborted. */
export function pause(wait: number, signal?: AbortSignal | null): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason);
    const end = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', end);
      resolve();
    }, wait);
    signal?.addEventListener('abort', end, { once: true });
  });
}

/**
 * A fetch that makes a call again after a limit or a server without time (429,
 * 503), and after a lost answer where twice is the same as once.
 */
export function patient(base: typeof fetch, retries: Retries): (request: Request) => Promise<Response> {
  return async (request) => {
    const repeatable = request.method === 'GET' || request.headers.has('Idempotency-Key');
    for (let tries = 0; ; tries++) {
      let wait = backoff(tries, 250);
      try {
        const response = await base(request.clone());
        const busy = response.status === 429 || response.status === 503;
        wait = Math.max(wait, retryAfter(response));
        if (!busy || tries >= retries.most || wait > retries.longest) return response;
        await response.body?.cancel();
      } catch (error) {
        if (request.signal.aborted || !repeatable || tries >= retries.most) throw error;
      }
      await pause(wait, request.signal);
    }
  };
}
