/** What a user does with a job, with a word about what became of it. */
import type { Job } from '@studycast/client';
import { useState } from 'react';

import { answered, studycast } from '../api/client';
import { complain, tell } from '../ui/Toasts';
import { jobStore } from './store';

export function useJobActions(job: Job) {
  const [busy, setBusy] = useState(false);

  async function act(what: () => Promise<void>, failed: string) {
    setBusy(true);
    try {
      await what();
    } catch (error) {
      if (answered(error, 404)) jobStore.remove(job.id);
      else complain(failed, error);
    } finally {
      setBusy(false);
    }
  }

  return {
    busy,
    cancel: () =>
      act(async () => {
        jobStore.put(await studycast.cancel(job.id));
        tell('Cancelled', 'You can try it again at any time.');
      }, 'It could not be cancelled'),
    retry: () => act(async () => jobStore.put(await studycast.retry(job.id)), 'It could not be started again'),
    remove: () =>
      act(async () => {
        await studycast.remove(job.id);
        jobStore.remove(job.id);
        tell('Deleted');
      }, 'It could not be deleted'),
  };
}
