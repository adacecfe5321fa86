/** What flowed while the page was open: samples of the queues, and ends of jobs. */
import { useEffect, useRef, useState } from 'react';

import { studycast } from '../api/client';
import type { Queue } from './types';

/** The state at one moment. */
export interface Point {
  at: number; // milliseconds since 1970
  waiting: number;
  running: number;
  succeeded: number; // in the minute before
  failed: number;
}

const minute = 60_000;
const kept = 15 * minute;

type End = { at: number; failed: boolean };

/** Samples every reading of the queues, made at a time in milliseconds; newest last. */
export function useFlow(queues: readonly Queue[] | undefined, at: number): readonly Point[] {
  const ends = useRef<End[]>([]);
  const [points, setPoints] = useState<readonly Point[]>([]);

  useEffect(() => {
    const stop = new AbortController();
    collect(ends.current, stop.signal).catch(() => {}); // the chart stands still
    return () => stop.abort();
  }, []);

  useEffect(() => {
    if (!queues) return;
    const sum = (...states: string[]) =>
      queues.reduce((n, queue) => n + states.reduce((m, state) => m + (queue.jobs[state] ?? 0), 0), 0);
    const recent = ends.current.filter((end) => end.at > at - minute);
    ends.current.splice(0, ends.current.length, ...recent);
    const point = {
      at,
      waiting: sum('queued', 'retrying', 'parked'),
      running: sum('running'),
      succeeded: recent.filter((end) => !end.failed).length,
      failed: recent.filter((end) => end.failed).length,
    };
    setPoints((before) => [...before.filter((p) => p.at > at - kept), point]);
  }, [queues, at]);
  return points;
}

// Jobs that ended before are told of by the snapshot that begins the stream.
async function collect(ends: End[], signal: AbortSignal) {
  const since = Date.now();
  const seen = new Map<string, number>();
  for await (const event of studycast.watchJobs({ owner: '*', signal })) {
    if ('deleted' in event) continue;
    const { id, version, state, finished_at } = event.job;
    if (!finished_at || Date.parse(finished_at) < since || seen.get(id) === version) continue;
    seen.set(id, version);
    if (state === 'succeeded' || state === 'failed') ends.push({ at: Date.now(), failed: state === 'failed' });
  }
}
