// The stream of events, read with fetch: an EventSource can't send a token.
import * as session from './session.js';

// Until the server says otherwise.
const retryAfter = 2000;

const pause = (ms) => new Promise((done) => { setTimeout(done, ms); });

/** Splits a stream into events {id, event, data, retry}; a heartbeat is none. */
export async function* parse(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  try {
    for (;;) {
      const { value, done } = await reader.read();
      if (done) return;
      const blocks = (rest + value).split('\n\n');
      rest = blocks.pop();
      for (const block of blocks) {
        const e = {};
        for (const line of block.split('\n')) {
          const at = line.indexOf(': ');
          if (at > 0) e[line.slice(0, at)] = line.slice(at + 2);
        }
        if (Object.keys(e).length > 0) yield e;
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

/**
 * Follows all jobs of the user until stop is called. handlers has a function for
 * each kind of event, called with its data, and live, called with true when the
 * stream is open and with false when it is not. It comes back by itself and misses
 * nothing.
 */
export function follow(handlers) {
  const abort = new AbortController();
  let last = '';
  let wait = retryAfter;

  async function once() {
    const headers = session.headers(last ? { 'Last-Event-ID': last } : {});
    const response = await fetch('/v1/events', { headers, signal: abort.signal, cache: 'no-store' });
    if (response.status === 401) {
      abort.abort();
      session.refused();
    }
    if (!response.ok) {
      wait = Math.max(retryAfter, 1000 * Number(response.headers.get('Retry-After')));
      return;
    }
    handlers.live(true);
    for await (const e of parse(response.body)) {
      if (e.retry) wait = Number(e.retry);
      if (e.id) last = e.id;
      if (e.event) handlers[e.event]?.(JSON.parse(e.data));
    }
  }

  (async () => {
    while (!abort.signal.aborted) {
      try {
        await once();
      } catch {
        // The connection broke, or never was: again.
      }
      if (abort.signal.aborted) return;
      handlers.live(false);
      await pause(wait);
    }
  })();
  return () => abort.abort();
}
