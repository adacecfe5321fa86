/** The places of queued jobs in line: they move without a change of the jobs themselves. */
import type { Job } from '@studycast/client';
import { useQuery } from '@tanstack/react-query';

import { api, studycast, unwrap } from '../api/client';
import { jobStore } from './store';

const every = 4000;
const most = 200;

/** Keeps the places of all of the user's queued jobs, by one call for all of them. */
export function usePlaces(jobs: readonly Job[]) {
  useQuery({
    queryKey: ['places'],
    queryFn: async ({ signal }) => {
      const query = { state: ['queued' as const], page_size: most };
      const page = await unwrap(api.GET('/v1/jobs', { params: { query }, signal }));
      jobStore.put(...page.jobs);
      return page.jobs.length;
    },
    enabled: jobs.some((job) => job.state === 'queued'),
    refetchInterval: every,
  });
}

/** Keeps the place of one job, which may be another user's. */
export function usePlace(job: Job) {
  useQuery({
    queryKey: ['place', job.id],
    queryFn: async ({ signal }) => {
      const fresh = await studycast.get(job.id, { signal });
      jobStore.put(fresh);
      return fresh.version;
    },
    enabled: job.state === 'queued',
    refetchInterval: every,
  });
}
