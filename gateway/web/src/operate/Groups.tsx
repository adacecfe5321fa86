/** Dead letters by cause, the largest group first; replayed and discarded as a whole. */
import { MailCheck } from 'lucide-react';
import { Link } from 'react-router';

import { when } from '../jobs/words';
import { Badge } from '../ui/Badge';
import { Button } from '../ui/Button';
import { Failed, Loading, Notice } from '../ui/Notice';
import page from '../ui/Page.module.css';
import { type Column, Table } from '../ui/Table';
import { Discard } from './Discard';
import { openOnly } from './filter';
import { ReplayDialog } from './ReplayDialog';
import type { Group, LetterFilter } from './types';
import { causeOf, counted, useGroups } from './useGroups';

export function Groups({ filter }: { filter: LetterFilter }) {
  const all = useGroups(filter);
  const { pages, groups } = all;
  const open = filter.state?.[0] === 'open';
  const columns: Column<Group>[] = [
    { name: 'Letters', number: true, cell: (g) => <b>{g.letters}</b> },
    { name: 'Cause', wide: true, cell: (g) => <Cause group={g} /> },
    { name: 'Fault', cell: (g) => <Badge tone="bad">{g.stage ? `${g.fault} · ${g.stage}` : g.fault}</Badge> },
    { name: 'Kinds', cell: (g) => g.kinds.join(', ') },
    { name: 'First', cell: (g) => g.first_at && when(g.first_at) },
    { name: 'Last', cell: (g) => g.last_at && when(g.last_at) },
    {
      name: 'Decide',
      cell: (g) =>
        open && <Decide what={{ filter: openOnly({ ...filter, fingerprint: g.fingerprint }) }} letters={g.letters} />,
    },
  ];

  if (pages.error)
    return <Failed title="The dead letters can’t be grouped" error={pages.error} again={() => void pages.refetch()} />;
  if (!pages.data) return <Loading label="Grouping the dead letters" />;
  if (groups.length === 0)
    return (
      <Notice icon={<MailCheck aria-hidden />} title="No dead letters">
        Nothing waits for a decision under these filters. A lesson that fails by what was asked for, like a wrong
        address, is told to its student and never comes here.
      </Notice>
    );
  return (
    <>
      <p className={page.soft} role="status">
        {counted(all)}
      </p>
      <Table caption="Causes" rows={groups} columns={columns} id={(g) => g.fingerprint} />
      {pages.hasNextPage && (
        <Button onClick={() => void pages.fetchNextPage()} busy={pages.isFetchingNextPage}>
          Show more causes
        </Button>
      )}
    </>
  );
}

function Cause({ group }: { group: Group }) {
  return (
    <>
      <Link to={`?fingerprint=${group.fingerprint}`}>{causeOf(group)}</Link>{' '}
      <Link className={page.soft} to={`/operate/dead-letters/${group.sample}`}>
        newest letter
      </Link>
    </>
  );
}

/** Names letters by ids or by what they have in common. */
export type Selection = { ids: string[] } | { filter: LetterFilter };

/** What may be done with a selection. */
export function Decide({ what, letters }: { what: Selection; letters: number }) {
  return (
    <div className={page.pair}>
      <ReplayDialog what={what} />
      <Discard what={what} letters={letters} />
    </div>
  );
}
