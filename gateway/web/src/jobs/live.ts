/** The live feed of all of the user's jobs into the store. */
import { useEffect, useSyncExternalStore } from 'react';

import { studycast } from '../api/client';
import * as session from '../api/session';
import { jobStore } from './store';

let live = false;
const listeners = new Set<() => void>();

function setLive(up: boolean) {
  if (live === up) return;
  live = up;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

/** Whether changes arrive right now. */
export const useLive = () => useSyncExternalStore(subscribe, () => live);

async function follow(signal: AbortSignal) {
  for await (const event of studycast.watchJobs({ signal, onConnection: setLive })) {
    if ('deleted' in event) jobStore.remove(event.deleted);
    else jobStore.put(event.job);
  }
}

/** Follows the feed while the page is open, and anew when somebody signs in. */
export function useFeed() {
  const refused = useSyncExternalStore(session.subscribe, session.isRefused);
  const who = useSyncExternalStore(session.subscribe, session.token);
  useEffect(() => {
    jobStore.clear();
    if (refused) return;
    const stop = new AbortController();
    follow(stop.signal).catch(() => setLive(false));
    return () => stop.abort();
  }, [refused, who]);
}
