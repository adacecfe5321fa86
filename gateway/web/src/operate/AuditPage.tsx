/** Who did what, when and why. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { ScrollText } from 'lucide-react';

import { api, unwrap } from '../api/client';
import { moment } from '../jobs/words';
import { Button } from '../ui/Button';
import { Failed, Loading, Notice } from '../ui/Notice';
import page from '../ui/Page.module.css';
import { type Column, Table } from '../ui/Table';
import type { AuditRecord } from './types';

const columns: Column<AuditRecord>[] = [
  { name: 'When', cell: (r) => moment(r.at) },
  { name: 'Who', cell: (r) => r.author },
  { name: 'Did', cell: (r) => r.action },
  { name: 'To', cell: (r) => r.selection },
  { name: 'Why', cell: (r) => r.reason },
  { name: 'Outcome', wide: true, cell: (r) => <Outcome record={r} /> },
];

export function AuditPage() {
  const pages = useInfiniteQuery({
    queryKey: ['audit'],
    queryFn: ({ pageParam, signal }) =>
      unwrap(api.GET('/v1/audit', { params: { query: { page_token: pageParam || undefined } }, signal })),
    initialPageParam: '',
    getNextPageParam: (last) => last.next_page_token || undefined,
  });
  const records = pages.data?.pages.flatMap((p) => p.records) ?? [];
  return (
    <section className={page.section} aria-labelledby="audit">
      <title>Audit · Studycast</title>
      <div className={page.head}>
        <h1 id="audit">Audit</h1>
      </div>
      {pages.error && (
        <Failed title="The record can’t be read" error={pages.error} again={() => void pages.refetch()} />
      )}
      {pages.isLoading && <Loading label="Reading the record" />}
      {pages.data && records.length === 0 && (
        <Notice icon={<ScrollText aria-hidden />} title="Nothing is on record yet">
          Replays, discards, pauses and drains are written down here with who and why.
        </Notice>
      )}
      {records.length > 0 && <Table caption="Audit records" rows={records} columns={columns} id={(r) => r.id} />}
      {pages.hasNextPage && (
        <Button onClick={() => void pages.fetchNextPage()} busy={pages.isFetchingNextPage}>
          Show older records
        </Button>
      )}
    </section>
  );
}

function Outcome({ record }: { record: AuditRecord }) {
  if (!record.detail) return record.outcome;
  return (
    <details>
      <summary>{record.outcome}</summary>
      <pre className={page.code}>{JSON.stringify(record.detail, null, 2)}</pre>
    </details>
  );
}
