/** Dead letters one by one, newest first; some may be chosen. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { MailCheck } from 'lucide-react';
import { useState } from 'react';
import { Link } from 'react-router';

import { api, unwrap } from '../api/client';
import { when } from '../jobs/words';
import { Badge } from '../ui/Badge';
import { Button } from '../ui/Button';
import { Failed, Loading, Notice } from '../ui/Notice';
import page from '../ui/Page.module.css';
import { type Column, Table } from '../ui/Table';
import { Decide } from './Groups';
import { letterTones } from './letter';
import type { Letter, LetterFilter } from './types';

export function Letters({ filter }: { filter: LetterFilter }) {
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set());
  const pages = useInfiniteQuery({
    queryKey: ['dead-letters', filter],
    queryFn: ({ pageParam, signal }) =>
      unwrap(
        api.GET('/v1/dead-letters', { params: { query: { ...filter, page_token: pageParam || undefined } }, signal }),
      ),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_page_token || undefined,
  });
  const letters = pages.data?.pages.flatMap((p) => p.dead_letters) ?? [];
  const picked = letters.filter((l) => chosen.has(l.id) && l.state === 'open');

  function choose(id: string, on: boolean) {
    const next = new Set(chosen);
    if (on) next.add(id);
    else next.delete(id);
    setChosen(next);
  }

  const columns: Column<Letter>[] = [
    {
      name: 'Choose',
      cell: (l) =>
        l.state === 'open' && (
          <input
            type="checkbox"
            aria-label={`Choose letter ${l.id}`}
            checked={chosen.has(l.id)}
            onChange={(e) => choose(l.id, e.target.checked)}
          />
        ),
    },
    { name: 'Died', cell: (l) => when(l.died_at ?? l.stored_at) },
    {
      name: 'Why',
      wide: true,
      cell: (l) => <Link to={`/operate/dead-letters/${l.id}`}>{l.undecodable ?? l.fault.text}</Link>,
    },
    { name: 'Fault', cell: (l) => l.fault.kind },
    { name: 'Queue', cell: (l) => l.queue },
    { name: 'Owner', cell: (l) => l.owner },
    { name: 'State', cell: (l) => <Badge tone={letterTones[l.state]}>{l.state}</Badge> },
  ];

  if (pages.error)
    return <Failed title="The dead letters can’t be listed" error={pages.error} again={() => void pages.refetch()} />;
  if (!pages.data) return <Loading label="Listing the dead letters" />;
  if (letters.length === 0)
    return (
      <Notice icon={<MailCheck aria-hidden />} title="No dead letters">
        None matches these filters.
      </Notice>
    );
  return (
    <>
      {picked.length > 0 && (
        <div className={page.row}>
          <span role="status">{picked.length} chosen</span>
          <Decide what={{ ids: picked.map((l) => l.id) }} letters={picked.length} />
        </div>
      )}
      <Table caption="Dead letters" rows={letters} columns={columns} id={(l) => l.id} />
      {pages.hasNextPage && (
        <Button onClick={() => void pages.fetchNextPage()} busy={pages.isFetchingNextPage}>
          Show older letters
        </Button>
      )}
    </>
  );
}
