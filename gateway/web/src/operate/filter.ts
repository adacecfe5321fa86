/** The filter of dead letters, kept in the address so that a page can be shared. */
import { useMemo } from 'react';
import { useSearchParams } from 'react-router';

import type { LetterFilter } from './types';

const plain = ['kind', 'fault', 'owner', 'text', 'fingerprint', 'job'] as const;

/** States of letters; the open ones wait for a decision. */
export const letterStates = ['open', 'replaying', 'replayed', 'recovered', 'discarded'] as const;

export type LetterState = (typeof letterStates)[number];

/** The filter as the API takes it; only open letters unless another state is chosen. */
export function useLetterFilter() {
  const [params, setParams] = useSearchParams();
  const filter = useMemo(() => read(params), [params]);

  function set(name: string, value: string) {
    setParams(
      (before) => {
        const next = new URLSearchParams(before);
        if (value) next.set(name, value);
        else next.delete(name);
        return next;
      },
      { replace: true },
    );
  }
  return { filter, set, params };
}

function read(params: URLSearchParams): LetterFilter {
  const filter: Record<string, unknown> = {};
  for (const name of plain) {
    const value = params.get(name);
    if (value) filter[name] = value;
  }
  const state = params.get('state') ?? 'open';
  if (state !== 'any') filter.state = [state];
  const hours = Number(params.get('since'));
  // To the minute, so that the same choice asks the same question.
  if (hours > 0)
    filter.died_after = new Date(Math.floor(Date.now() / 60_000) * 60_000 - hours * 3_600_000).toISOString();
  return filter as LetterFilter;
}

/** The same filter, of open letters only: the others were decided on. */
export const openOnly = (filter: LetterFilter): LetterFilter => ({ ...filter, state: ['open'] });
