/** One lesson: how far it is, then what was made. */
import { isFinal, type Job } from '@studycast/client';
import { useQuery } from '@tanstack/react-query';
import { ArrowLeft, FileQuestion, RotateCcw, X } from 'lucide-react';
import { Link, useParams } from 'react-router';

import { answered, studycast } from '../api/client';
import { useJobActions } from '../jobs/actions';
import { JobProgress } from '../jobs/JobProgress';
import { usePlace } from '../jobs/places';
import { jobStore, useJob } from '../jobs/store';
import { chosen } from '../jobs/voices';
import { heading, lengthWords, moment, origin, stateTones, stateWords } from '../jobs/words';
import { Badge } from '../ui/Badge';
import { Button } from '../ui/Button';
import { Failed, Loading, Notice } from '../ui/Notice';
import { Downloads } from './Downloads';
import { History } from './History';
import css from './LessonPage.module.css';
import { Player } from './Player';
import { Steps } from './Steps';

export function LessonPage() {
  const { id = '' } = useParams();
  const job = useJob(id);
  // The feed tells of changes, without the history: each version is read once.
  const read = useQuery({
    queryKey: ['job', id, job?.version ?? 0],
    queryFn: async ({ signal }) => {
      const fresh = await studycast.get(id, { signal });
      jobStore.put(fresh);
      return fresh.version;
    },
    staleTime: Number.POSITIVE_INFINITY,
    enabled: job === undefined || (isFinal(job) && !job.history),
  });
  if (job) return <Lesson key={job.id} job={job} />;
  if (read.error && (answered(read.error, 404) || answered(read.error, 422)))
    return (
      <Notice
        icon={<FileQuestion aria-hidden />}
        title="There is no such lesson"
        action={<Link to="/">To your lessons</Link>}
      >
        It was deleted, or it belongs to somebody else.
      </Notice>
    );
  if (read.error)
    return <Failed title="The lesson can’t be loaded" error={read.error} again={() => void read.refetch()} />;
  return <Loading label="Loading the lesson" />;
}

function Lesson({ job }: { job: Job }) {
  const title = heading(job);
  return (
    <article className={css.page}>
      <title>{`${title} · Studycast`}</title>
      <Link className={css.back} to="/">
        <ArrowLeft aria-hidden /> Your lessons
      </Link>
      <header className={css.head}>
        <h1>{title}</h1>
        <Badge tone={stateTones[job.state]}>{stateWords[job.state]}</Badge>
      </header>
      <p className={css.facts}>
        {chosen(job).join(' ')} · {lengthWords[job.options.length ?? 'medium']} ·{' '}
        {job.source.url ? (
          <a href={job.source.url} rel="noreferrer" target="_blank">
            {origin(job)}
          </a>
        ) : (
          origin(job)
        )}{' '}
        · {moment(job.created_at)}
      </p>
      {job.state === 'succeeded' ? <Result job={job} /> : <Making job={job} />}
      <History job={job} />
    </article>
  );
}

function Making({ job }: { job: Job }) {
  const { cancel, retry, busy } = useJobActions(job);
  usePlace(job);
  return (
    <section className={css.panel} aria-label="Progress">
      {!isFinal(job) && <Steps job={job} />}
      <JobProgress job={job} />
      {job.fault && <p className={css.fault}>{job.fault.text}</p>}
      <div className={css.actions}>
        {isFinal(job) ? (
          <Button weight="primary" icon={<RotateCcw aria-hidden />} onClick={retry} busy={busy}>
            Try again
          </Button>
        ) : (
          <Button icon={<X aria-hidden />} onClick={cancel} busy={busy}>
            Cancel
          </Button>
        )}
      </div>
    </section>
  );
}

function Result({ job }: { job: Job }) {
  return (
    <>
      <Player job={job} />
      {job.notes && job.notes.length > 0 && (
        <ul className={css.notes}>
          {job.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      <Downloads job={job} />
    </>
  );
}
