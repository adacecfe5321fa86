/** Who the user is to the server. */
import { useQuery } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';

import { api, unwrap } from '../api/client';
import * as session from '../api/session';

/** The user, once known. */
export function useMe() {
  const who = useSyncExternalStore(session.subscribe, session.token);
  const refused = useSyncExternalStore(session.subscribe, session.isRefused);
  return useQuery({
    queryKey: ['me', who],
    queryFn: ({ signal }) => unwrap(api.GET('/v1/me', { signal })),
    enabled: !refused,
    staleTime: Number.POSITIVE_INFINITY,
  }).data;
}

/** Whether the user may see the operators' pages. */
export const useIsOperator = () => useMe()?.roles.includes('operator') ?? false;
