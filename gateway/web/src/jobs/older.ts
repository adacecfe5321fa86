/** Lessons that the live feed does not tell of: older pages of the list. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { useEffect, useSyncExternalStore } from 'react';

import { api, unwrap } from '../api/client';
import * as session from '../api/session';
import { jobStore } from './store';

const pageSize = 50;

/** Loads pages into the store as they are asked for; all of them when everything is searched. */
export function useOlderJobs(all: boolean) {
  const who = useSyncExternalStore(session.subscribe, session.token);
  const refused = useSyncExternalStore(session.subscribe, session.isRefused);
  const pages = useInfiniteQuery({
    queryKey: ['jobs', who],
    queryFn: async ({ pageParam, signal }) => {
      const query = { page_size: pageSize, ...(pageParam && { page_token: pageParam }) };
      const page = await unwrap(api.GET('/v1/jobs', { params: { query }, signal }));
      jobStore.put(...page.jobs);
      return page.next_page_token;
    },
    initialPageParam: '',
    getNextPageParam: (next) => next || undefined,
    enabled: !refused,
    staleTime: Number.POSITIVE_INFINITY, // changes come by the feed
    refetchOnWindowFocus: false,
  });
  const { hasNextPage, isFetchingNextPage, isError, fetchNextPage } = pages;
  useEffect(() => {
    if (all && hasNextPage && !isFetchingNextPage && !isError) void fetchNextPage();
  }, [all, hasNextPage, isFetchingNextPage, isError, fetchNextPage]);
  return pages;
}
