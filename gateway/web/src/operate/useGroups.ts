/** The dead letters by cause, largest group first. */
import { useInfiniteQuery } from '@tanstack/react-query';

import { api, unwrap } from '../api/client';
import type { Group, LetterFilter } from './types';

const refreshEvery = 10_000;

/** Reads the groups under a filter, again and again; `letters` counts those of the pages read so far. */
export function useGroups(filter: LetterFilter) {
  const pages = useInfiniteQuery({
    queryKey: ['dead-letter-groups', filter],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET('/v1/dead-letter-groups', {
          params: { query: { ...filter, page_token: pageParam || undefined } },
          signal,
        }),
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_page_token || undefined,
    refetchInterval: refreshEvery,
  });
  const groups = pages.data?.pages.flatMap((p) => p.groups) ?? [];
  return { pages, groups, letters: groups.reduce((n, group) => n + group.letters, 0) };
}

/** How many letters with how many causes there are, in words. */
export function counted({ pages, groups, letters }: ReturnType<typeof useGroups>): string {
  const more = pages.hasNextPage ? ' and more' : '';
  return `${letters} ${letters === 1 ? 'letter' : 'letters'} with ${groups.length} ${groups.length === 1 ? 'cause' : 'causes'}${more}`;
}

/** What the letters of a group died of: what differs from letter to letter is left out. */
export const causeOf = (group: Group) => group.template.replaceAll('<n>', '…');
