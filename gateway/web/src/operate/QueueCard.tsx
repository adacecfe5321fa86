/** One queue: how deep, how old, who works on it; paused and resumed here. */
import { CirclePause, CirclePlay } from 'lucide-react';

import { api, unwrap } from '../api/client';
import { when } from '../jobs/words';
import { Badge } from '../ui/Badge';
import { Button } from '../ui/Button';
import { ReasonDialog } from '../ui/Form';
import page from '../ui/Page.module.css';
import { tell } from '../ui/Toasts';
import css from './QueueCard.module.css';
import type { Queue } from './types';

export function QueueCard({ queue, onChange }: { queue: Queue; onChange: () => void }) {
  const { jobs, broker } = queue;
  return (
    <article className={page.panel} aria-label={queue.name}>
      <div className={page.head}>
        <h2>{queue.name}</h2>
        {queue.pause ? (
          <Badge tone="wait">Paused</Badge>
        ) : queue.workers > 0 ? (
          <Badge tone="good">Flowing</Badge>
        ) : (
          <Badge tone="bad">No worker</Badge>
        )}
      </div>
      {queue.pause && (
        <p className={css.note}>
          Paused by {queue.pause.author} {when(queue.pause.at)}: {queue.pause.reason}
        </p>
      )}
      {queue.parking.map((parked) => (
        <p className={css.note} key={parked.dependency}>
          {parked.jobs} parked: {parked.dependency} is {parked.recovering ? 'coming back' : 'down'} since{' '}
          {when(parked.since)}. {parked.reason}
          {parked.next_trial_at && ` Next trial ${when(parked.next_trial_at)}.`}
        </p>
      ))}
      <dl className={page.numbers}>
        <Figure name="Waiting" value={(jobs.queued ?? 0) + (jobs.parked ?? 0)} />
        <Figure name="Running" value={`${jobs.running ?? 0} / ${queue.slots}`} />
        <Figure name="Retrying" value={jobs.retrying ?? 0} />
        <Figure name="Scheduled" value={jobs.scheduled ?? 0} />
        <Figure name="Oldest" value={queue.oldest_at ? when(queue.oldest_at).replace(' ago', '') : '–'} />
        <Figure name="Workers" value={queue.workers} />
      </dl>
      <p className={page.soft}>
        {broker
          ? `On the broker: ${held(broker)}. ${queue.in_line} wait for their turn.`
          : 'The broker can’t be asked right now.'}
      </p>
      <div className={page.row}>
        {queue.pause ? <Resume queue={queue} onChange={onChange} /> : <Pause queue={queue} onChange={onChange} />}
      </div>
    </article>
  );
}

/** What a broker holds; some don't tell what workers have in hand. */
function held(broker: NonNullable<Queue['broker']>): string {
  const parts = [`${broker.ready} ready`];
  if (broker.in_flight !== undefined) parts.push(`${broker.in_flight} in flight`);
  parts.push(`${broker.delayed} delayed`);
  if (broker.dead > 0) parts.push(`${broker.dead} on their way to the dead letters`);
  return parts.join(', ');
}

function Figure({ name, value }: { name: string; value: number | string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface Change {
  queue: Queue;
  onChange: () => void;
}

const named = (queue: Queue, reason: string) => ({ params: { path: { name: queue.name } }, body: { reason } });

function Pause({ queue, onChange }: Change) {
  return (
    <ReasonDialog
      trigger={<Button icon={<CirclePause aria-hidden />}>Pause</Button>}
      title={`Pause ${queue.name}?`}
      action="Pause"
      example="The speech endpoint is being moved"
      onConfirm={async (reason) => {
        await unwrap(api.POST('/v1/queues/{name}:pause', named(queue, reason)));
        tell('Paused', 'Workers finish what they run and take nothing new.');
        onChange();
      }}
    >
      Workers take no more of its jobs within a second. What runs is finished. Students can still submit.
    </ReasonDialog>
  );
}

function Resume({ queue, onChange }: Change) {
  return (
    <ReasonDialog
      trigger={
        <Button weight="primary" icon={<CirclePlay aria-hidden />}>
          Resume
        </Button>
      }
      title={`Resume ${queue.name}?`}
      action="Resume"
      example="The speech endpoint is back"
      onConfirm={async (reason) => {
        await unwrap(api.POST('/v1/queues/{name}:resume', named(queue, reason)));
        tell('Resumed');
        onChange();
      }}
    />
  );
}
