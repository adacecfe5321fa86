/** All replays, newest first. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { RotateCcw } from 'lucide-react';
import { Link } from 'react-router';

import { api, unwrap } from '../api/client';
import { type Tone, when } from '../jobs/words';
import { Badge } from '../ui/Badge';
import { Button } from '../ui/Button';
import { Failed, Loading, Notice } from '../ui/Notice';
import page from '../ui/Page.module.css';
import { type Column, Table } from '../ui/Table';
import type { Replay } from './types';

export const replayTones: Record<Replay['state'], Tone> = {
  running: 'busy',
  paused: 'wait',
  stopped: 'bad',
  done: 'good',
};

const refreshEvery = 5000;

const columns: Column<Replay>[] = [
  { name: 'Made', cell: (r) => <Link to={`/operate/replays/${r.id}`}>{when(r.created_at)}</Link> },
  { name: 'State', cell: (r) => <Badge tone={replayTones[r.state]}>{r.state}</Badge> },
  { name: 'Letters', number: true, cell: (r) => r.letters },
  { name: 'Recovered', number: true, cell: (r) => r.counts.recovered },
  { name: 'Failed again', number: true, cell: (r) => r.counts.failed_again },
  { name: 'By', cell: (r) => r.author },
  { name: 'Why', wide: true, cell: (r) => r.reason },
];

export function ReplaysPage() {
  const pages = useInfiniteQuery({
    queryKey: ['replays'],
    queryFn: ({ pageParam, signal }) =>
      unwrap(api.GET('/v1/replays', { params: { query: { page_token: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_page_token || undefined,
    refetchInterval: refreshEvery,
  });
  const replays = pages.data?.pages.flatMap((p) => p.replays) ?? [];
  return (
    <section className={page.section} aria-labelledby="replays">
      <title>Replays · Studycast</title>
      <div className={page.head}>
        <h1 id="replays">Replays</h1>
      </div>
      {pages.error && (
        <Failed title="The replays can’t be listed" error={pages.error} again={() => void pages.refetch()} />
      )}
      {pages.isLoading && <Loading label="Listing the replays" />}
      {pages.data && replays.length === 0 && (
        <Notice icon={<RotateCcw aria-hidden />} title="Nothing was replayed yet">
          Replays are made on the page of the dead letters.
        </Notice>
      )}
      {replays.length > 0 && <Table caption="Replays" rows={replays} columns={columns} id={(r) => r.id} />}
      {pages.hasNextPage && (
        <Button onClick={() => void pages.fetchNextPage()} busy={pages.isFetchingNextPage}>
          Show older replays
        </Button>
      )}
    </section>
  );
}
