/** One replay, live: how far it is, what became of its letters; paused and stopped here. */
import { ArrowLeft, CirclePause, CirclePlay, CircleStop } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';

import { api, unwrap } from '../api/client';
import { moment } from '../jobs/words';
import { Badge } from '../ui/Badge';
import { Button } from '../ui/Button';
import { ReasonDialog } from '../ui/Form';
import { Failed, Loading } from '../ui/Notice';
import page from '../ui/Page.module.css';
import css from './ReplayPage.module.css';
import { replayTones } from './ReplaysPage';
import type { Replay } from './types';
import { useReplay } from './useReplay';

export function ReplayPage() {
  const { id = '' } = useParams();
  const { replay, error } = useReplay(id);
  if (error !== undefined) return <Failed title="The replay can’t be followed" error={error} />;
  if (!replay) return <Loading label="Reading the replay" />;
  return (
    <article className={page.section}>
      <title>Replay · Studycast</title>
      <Link to="/operate/replays" className={page.row}>
        <ArrowLeft aria-hidden size={16} /> Replays
      </Link>
      <div className={page.head}>
        <h1>{replay.reason}</h1>
        <Badge tone={replayTones[replay.state]}>{replay.state}</Badge>
      </div>
      <section className={page.panel} aria-label="Progress">
        <Bar replay={replay} />
        {replay.why && <p>{linked(replay.why)}</p>}
        <Steer replay={replay} />
      </section>
      <section className={page.panel} aria-label="Facts">
        <dl className={page.facts}>
          <dt>Letters</dt>
          <dd>{replay.selection}</dd>
          <dt>Made by</dt>
          <dd>
            {replay.author}, {moment(replay.created_at)}
          </dd>
          <dt>Rate</dt>
          <dd>{replay.rate} letters a second</dd>
          <dt>Canary</dt>
          <dd>{canary(replay)}</dd>
          {replay.ended_at && (
            <>
              <dt>Ended</dt>
              <dd>{moment(replay.ended_at)}</dd>
            </>
          )}
        </dl>
        <Link to="/operate/dead-letters?view=letters&state=any">Its letters are among the dead letters</Link>
      </section>
    </article>
  );
}

/** A text in which a letter's id leads to the letter. */
function linked(text: string): ReactNode {
  const [, before, id, after] = /^(.*)letter ([0-9a-f-]{36})(.*)$/.exec(text) ?? [];
  if (!id) return text;
  return (
    <>
      {before}
      <Link to={`/operate/dead-letters/${id}`}>letter {id.slice(0, 8)}…</Link>
      {after}
    </>
  );
}

function canary(replay: Replay): string {
  if (replay.canary === 0) return 'none';
  const first = replay.canary === 1 ? 'the first letter' : `the first ${replay.canary} letters`;
  return replay.canary_passed ? `${first} came through` : `${first} went alone`;
}

const parts = [
  ['recovered', 'recovered'],
  ['failed_again', 'failed again'],
  ['cancelled', 'cancelled'],
  ['running', 'at work'],
  ['skipped', 'left alone'],
  ['waiting', 'waiting'],
] as const;

function Bar({ replay }: { replay: Replay }) {
  const { counts, letters } = replay;
  const over = letters - counts.waiting - counts.running;
  return (
    <>
      <div
        className={css.bar}
        role="progressbar"
        aria-label="Letters whose outcome is known"
        aria-valuemin={0}
        aria-valuemax={letters}
        aria-valuenow={over}
      >
        {parts.map(([key]) => (
          <span key={key} data-part={key} style={{ flexGrow: counts[key] }} />
        ))}
      </div>
      <dl className={page.numbers}>
        {parts.map(([key, name]) => (
          <div key={key}>
            <dt>{name}</dt>
            <dd>{counts[key]}</dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Steer({ replay }: { replay: Replay }) {
  const { id, state } = replay;
  const at = (reason: string) => ({ params: { path: { id } }, body: { reason } });
  if (state !== 'running' && state !== 'paused') return null;
  return (
    <div className={page.row}>
      {state === 'running' ? (
        <ReasonDialog
          trigger={<Button icon={<CirclePause aria-hidden />}>Pause</Button>}
          title="Pause this replay?"
          action="Pause"
          example="The queue is too long right now"
          onConfirm={async (reason) => void (await unwrap(api.POST('/v1/replays/{id}:pause', at(reason))))}
        />
      ) : (
        <ReasonDialog
          trigger={
            <Button weight="primary" icon={<CirclePlay aria-hidden />}>
              Resume
            </Button>
          }
          title="Resume this replay?"
          action="Resume"
          example="There is room again"
          onConfirm={async (reason) => void (await unwrap(api.POST('/v1/replays/{id}:resume', at(reason))))}
        />
      )}
      <ReasonDialog
        trigger={
          <Button weight="danger" icon={<CircleStop aria-hidden />}>
            Stop
          </Button>
        }
        title="Stop this replay?"
        action="Stop"
        danger
        example="The cause is still there"
        onConfirm={async (reason) => void (await unwrap(api.POST('/v1/replays/{id}:stop', at(reason))))}
      >
        Letters that it did not take stay open. What is at work goes on.
      </ReasonDialog>
    </div>
  );
}
