/** A replay as it goes. */
import { useEffect, useState } from 'react';

import { studycast } from '../api/client';
import type { Replay } from './types';

/** Follows a replay until the outcome of every letter is known. */
export function useReplay(id: string): { replay: Replay | undefined; error: unknown } {
  const [replay, setReplay] = useState<Replay>();
  const [error, setError] = useState<unknown>();
  useEffect(() => {
    const stop = new AbortController();
    setError(undefined);
    (async () => {
      for await (const next of studycast.watchReplay(id, { signal: stop.signal })) setReplay(next);
    })().catch((e) => {
      if (!stop.signal.aborted) setError(e);
    });
    return () => stop.abort();
  }, [id]);
  return { replay, error };
}
