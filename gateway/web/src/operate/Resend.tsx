/** Sends the message of a letter to a queue as it is, on purpose. */
import { useQueryClient } from '@tanstack/react-query';
import { Send } from 'lucide-react';
import { useState } from 'react';

import { api, unwrap } from '../api/client';
import { Button } from '../ui/Button';
import field from '../ui/Field.module.css';
import { FormDialog, Reason } from '../ui/Form';
import { tell } from '../ui/Toasts';
import { useQueues } from './queues';
import type { Letter } from './types';

export function Resend({ letter }: { letter: Letter }) {
  const [reason, setReason] = useState('');
  const [chosen, setChosen] = useState(letter.queue);
  const queues = useQueues(false).data?.queues.map((queue) => queue.name) ?? [];
  const queue = queues.includes(chosen) ? chosen : (queues[0] ?? '');
  const client = useQueryClient();
  return (
    <FormDialog
      trigger={
        <Button small icon={<Send aria-hidden />}>
          Send to a queue
        </Button>
      }
      title="Send the message as it is?"
      action="Send"
      onOpen={() => {
        setReason('');
        setChosen(letter.queue);
      }}
      onSubmit={async () => {
        await unwrap(
          api.POST('/v1/dead-letters/{id}:resend', { params: { path: { id: letter.id } }, body: { queue, reason } }),
        );
        await client.invalidateQueries();
        tell('Sent', `The message is on ${queue}.`);
      }}
    >
      <p className={field.hint}>For messages that are not ours or came by the wrong queue. A job is better replayed.</p>
      <label className={field.field}>
        <span>Queue</span>
        <select value={queue} onChange={(e) => setChosen(e.target.value)}>
          {queues.map((name) => (
            <option key={name}>{name}</option>
          ))}
        </select>
      </label>
      <Reason value={reason} onChange={setReason} example="It came by the wrong queue" />
    </FormDialog>
  );
}
