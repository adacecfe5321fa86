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

/**
 * Calls begin now, and anew each time that the browser lets the page go on after
 * it was put to sleep or aside; stop ends what begin began. A sleeping page must
 * hold no connection: a browser has six to a server, and may never wake one that
 * was cut off meanwhile.
 */
function whileAwake(begin: () => void, stop: () => void): () => void {
  const wake = () => {
    stop();
    begin();
  };
  const shown = (event: PageTransitionEvent) => event.persisted && wake();
  document.addEventListener('freeze', stop);
  document.addEventListener('resume', wake);
  window.addEventListener('pagehide', stop);
  window.addEventListener('pageshow', shown);
  begin();
  return () => {
    document.removeEventListener('freeze', stop);
    document.removeEventListener('resume', wake);
    window.removeEventListener('pagehide', stop);
    window.removeEventListener('pageshow', shown);
    stop();
  };
}

/** Follows the feed while the page is awake, and anew when somebody signs in. */
export function useFeed() {
  const refused = useSyncExternalStore(session.subscribe, session.isRefused);
  const who = useSyncExternalStore(session.subscribe, session.token);
  useEffect(() => {
    jobStore.clear();
    if (refused) return;
    let current = new AbortController();
    return whileAwake(
      () => {
        const mine = new AbortController();
        current = mine;
        follow(mine.signal).catch(() => current === mine && setLive(false));
      },
      () => current.abort(),
    );
  }, [refused, who]);
}
