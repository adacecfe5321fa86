import { createParser, type EventSourceMessage } from 'eventsource-parser';

import { StudycastError } from './problem.js';
import { backoff, pause } from './retry.js';

/** The first pause before a broken stream is opened again, where the server named none. */
const reopen = 500;
/** A stream that brings nothing for so long, not even a heartbeat (every 15 s), is taken for broken. */
const silence = 60_000;

/** Opens a stream after the event that was seen last. */
export type Open = (lastEventId: string | undefined, signal: AbortSignal) => Promise<Response>;

/**
 * The events of a stream, over as many connections as it takes: a broken one is
 * taken up where it broke. It ends when the server says that there is no more,
 * with what the server refuses, and with the signal.
 */
export async function* follow(
  open: Open,
  signal?: AbortSignal,
  onConnection: (up: boolean) => void = () => {},
): AsyncGenerator<EventSourceMessage, void, void> {
  let last: string | undefined;
  let first = reopen;
  for (let tries = 0; ; tries++) {
    let asked = 0;
    try {
      for await (const event of connection(open, last, signal, (ms) => (first = ms), onConnection)) {
        if (event === 'no more') return;
        yield event;
        last = event.id ?? last;
        tries = 0;
      }
    } catch (error) {
      if (signal?.aborted) throw signal.reason;
      if (error instanceof StudycastError) {
        if (error.status < 500 && error.status !== 429 && error.status !== 408) throw error;
        asked = error.retryAfter;
      }
    }
    await pause(Math.max(backoff(tries, first), asked), signal);
  }
}

async function* connection(
  open: Open,
  last: string | undefined,
  signal: AbortSignal | undefined,
  onRetry: (ms: number) => void,
  onConnection: (up: boolean) => void,
): AsyncGenerator<EventSourceMessage | 'no more', void, void> {
  const quiet = new AbortController();
  let timer = setTimeout(() => quiet.abort(), silence);
  try {
    const response = await open(last, signal ? AbortSignal.any([signal, quiet.signal]) : quiet.signal);
    if (response.status === 204 || !response.body) {
      yield 'no more';
      return;
    }
    onConnection(true);
    const ready: EventSourceMessage[] = [];
    const parser = createParser({ onEvent: (event) => ready.push(event), onRetry });
    const text = new TextDecoder();
    const reader = response.body.getReader();
    for (;;) {
      const { done, value } = await reader.read();
      clearTimeout(timer); // the reader of the events may take its time
      if (done) return;
      parser.feed(text.decode(value, { stream: true }));
      yield* ready.splice(0);
      timer = setTimeout(() => quiet.abort(), silence);
    }
  } finally {
    clearTimeout(timer);
    quiet.abort(); // of a connection that is no longer read
    onConnection(false);
  }
}
