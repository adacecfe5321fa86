/** The work queues as they stand. */
import { useQuery } from '@tanstack/react-query';

import { api, unwrap } from '../api/client';

/** Reads the queues, again and again every so many milliseconds; false = once. */
export const useQueues = (every: number | false) =>
  useQuery({
    queryKey: ['queues'],
    queryFn: ({ signal }) => unwrap(api.GET('/v1/queues', { signal })),
    refetchInterval: every,
  });
