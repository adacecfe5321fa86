/** One lesson in the list. */
import { isFinal, type Job } from '@studycast/client';
import { CirclePlay, Headphones, Pencil, RotateCcw, Trash2, TvMinimalPlay, X } from 'lucide-react';
import { Link } from 'react-router';

import { Badge } from '../ui/Badge';
import { Button, ButtonLink, IconButton } from '../ui/Button';
import { Confirm } from '../ui/Confirm';
import { useJobActions } from './actions';
import { type Draft, draftOf } from './drafts';
import css from './JobCard.module.css';
import { JobProgress } from './JobProgress';
import { heading, lengthWords, origin, stateTones, stateWords, when } from './words';

export function JobCard({ job, onDraft }: { job: Job; onDraft: (draft: Draft) => void }) {
  const title = heading(job);
  return (
    <article className={css.card} data-state={job.state} aria-label={title}>
      <span className={css.kind}>
        {job.kind === 'video' ? <TvMinimalPlay aria-hidden /> : <Headphones aria-hidden />}
      </span>
      <div className={css.what}>
        <h3>
          <Link to={`/lessons/${job.id}`}>{title}</Link>
        </h3>
        <p className={css.from} data-part="from">
          {job.kind === 'video' ? 'Video' : 'Audio'} · {lengthWords[job.options.length ?? 'medium']} · {origin(job)} ·{' '}
          <time dateTime={job.created_at}>{when(job.created_at)}</time>
        </p>
      </div>
      <Badge tone={stateTones[job.state]}>{stateWords[job.state]}</Badge>
      <Actions job={job} title={title} onDraft={onDraft} />
      <div className={css.more}>
        <JobProgress job={job} />
        {job.fault && job.state !== 'succeeded' && (
          <p className={css.fault} data-part="fault">
            {job.fault.text}
          </p>
        )}
      </div>
    </article>
  );
}

function Actions({ job, title, onDraft }: { job: Job; title: string; onDraft: (draft: Draft) => void }) {
  const { cancel, retry, remove, busy } = useJobActions(job);
  const draft = job.state === 'failed' ? draftOf(job) : undefined;
  return (
    <div className={css.actions}>
      {job.state === 'succeeded' && (
        <ButtonLink to={`/lessons/${job.id}`} weight="primary" small icon={<CirclePlay aria-hidden />}>
          {job.kind === 'video' ? 'Watch' : 'Listen'}
        </ButtonLink>
      )}
      {(job.state === 'failed' || job.state === 'cancelled') && (
        <Button small icon={<RotateCcw aria-hidden />} onClick={retry} busy={busy}>
          Try again
        </Button>
      )}
      {draft && (
        <Button small icon={<Pencil aria-hidden />} onClick={() => onDraft(draft)} aria-label={`Change ${title}`}>
          Change
        </Button>
      )}
      {!isFinal(job) && (
        <Button small icon={<X aria-hidden />} onClick={cancel} busy={busy}>
          Cancel
        </Button>
      )}
      {isFinal(job) && (
        <Confirm
          trigger={
            <IconButton label={`Delete ${title}`}>
              <Trash2 aria-hidden />
            </IconButton>
          }
          title="Delete this lesson?"
          action="Delete"
          onConfirm={remove}
        >
          “{title}” and its files are removed. This can’t be undone.
        </Confirm>
      )}
    </div>
  );
}
