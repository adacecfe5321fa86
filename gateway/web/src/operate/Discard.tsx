/** Decides that letters are not replayed; they are kept and can be opened again. */
import { useQueryClient } from '@tanstack/react-query';
import { Archive } from 'lucide-react';

import { api, unwrap } from '../api/client';
import { Button } from '../ui/Button';
import { ReasonDialog } from '../ui/Form';
import { tell } from '../ui/Toasts';
import type { Selection } from './Groups';

export function Discard({ what, letters }: { what: Selection; letters: number }) {
  const queries = useQueryClient();
  const count = letters === 1 ? 'this letter' : `${letters} letters`;
  return (
    <ReasonDialog
      trigger={
        <Button small icon={<Archive aria-hidden />}>
          Discard
        </Button>
      }
      title={`Discard ${count}?`}
      action="Discard"
      danger
      example="The course is over"
      onConfirm={async (reason) => {
        const done = await unwrap(api.POST('/v1/dead-letters:discard', { body: { ...what, reason } }));
        await queries.invalidateQueries();
        tell(`${done.letters} discarded`, 'They are kept and can be opened again.');
      }}
    >
      Their jobs stay failed. The letters are kept and can be opened again.
    </ReasonDialog>
  );
}

/** Opens discarded letters again. */
export function Restore({ id }: { id: string }) {
  const queries = useQueryClient();
  return (
    <ReasonDialog
      trigger={<Button small>Open again</Button>}
      title="Open this letter again?"
      action="Open again"
      example="It was discarded by mistake"
      onConfirm={async (reason) => {
        await unwrap(api.POST('/v1/dead-letters:restore', { body: { ids: [id], reason } }));
        await queries.invalidateQueries();
        tell('Open again');
      }}
    />
  );
}
