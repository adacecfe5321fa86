/** All lessons of the user, live, with search and filters. */
import { Search, Sparkles } from 'lucide-react';
import { useDeferredValue, useMemo, useState } from 'react';

import { Button } from '../ui/Button';
import field from '../ui/Field.module.css';
import { Failed, Loading, Notice } from '../ui/Notice';
import { SearchField } from '../ui/SearchField';
import type { Draft } from './drafts';
import { JobCard } from './JobCard';
import css from './JobList.module.css';
import { useOlderJobs } from './older';
import { usePlaces } from './places';
import { useJobs } from './store';
import { heading, origin } from './words';

const shownAtFirst = 20;

type Which = 'all' | 'active' | 'ready' | 'failed';

const which: Record<Which, (state: string) => boolean> = {
  all: () => true,
  active: (state) => ['scheduled', 'queued', 'running', 'retrying', 'parked'].includes(state),
  ready: (state) => state === 'succeeded',
  failed: (state) => state === 'failed' || state === 'cancelled',
};

interface Props {
  /** Lessons asked for so far; another one is shown whatever the filters were. */
  made: number;
  onDraft: (draft: Draft) => void;
  onExample: () => void;
}

export function JobList({ made, onDraft, onExample }: Props) {
  const jobs = useJobs();
  const [text, setText] = useState('');
  const [filter, setFilter] = useState<Which>('all');
  const [kind, setKind] = useState('');
  const [shown, setShown] = useState(shownAtFirst);
  const [seen, setSeen] = useState(made);
  if (seen !== made) {
    setSeen(made);
    setText('');
    setFilter('all');
    setKind('');
  }
  const wanted = useDeferredValue(text.trim().toLowerCase());
  const narrowed = wanted !== '' || filter !== 'all' || kind !== '';
  const older = useOlderJobs(narrowed);
  usePlaces(jobs);

  const found = useMemo(
    () =>
      jobs.filter(
        (job) =>
          which[filter](job.state) &&
          (kind === '' || job.kind === kind) &&
          (wanted === '' || `${heading(job)} ${origin(job)} ${job.source.url ?? ''}`.toLowerCase().includes(wanted)),
      ),
    [jobs, filter, kind, wanted],
  );

  return (
    <section className={css.section} aria-labelledby="lessons">
      <div className={css.head}>
        <h2 id="lessons">Your lessons</h2>
        {jobs.length > 0 && (
          <search className={css.filters}>
            <SearchField
              label="Search your lessons"
              placeholder="Search"
              value={text}
              onChange={(e) => setText(e.target.value)}
            />
            <label>
              <span className="hidden">State</span>
              <select className={field.input} value={filter} onChange={(e) => setFilter(e.target.value as Which)}>
                <option value="all">All</option>
                <option value="active">Being made</option>
                <option value="ready">Ready</option>
                <option value="failed">Failed or cancelled</option>
              </select>
            </label>
            <label>
              <span className="hidden">Kind</span>
              <select className={field.input} value={kind} onChange={(e) => setKind(e.target.value)}>
                <option value="">Video and audio</option>
                <option value="video">Video</option>
                <option value="audio">Audio</option>
              </select>
            </label>
          </search>
        )}
      </div>
      <p className="hidden" role="status">
        {narrowed ? `${found.length} lessons found` : ''}
      </p>
      <ul className={css.cards}>
        {found.slice(0, shown).map((job) => (
          <li key={job.id} className={css.item}>
            <JobCard job={job} onDraft={onDraft} />
          </li>
        ))}
      </ul>
      {found.length === 0 && (
        <None
          loading={older.isLoading}
          error={older.error}
          again={older.refetch}
          narrowed={narrowed}
          onExample={onExample}
        />
      )}
      {(found.length > shown || (older.hasNextPage && !narrowed)) && (
        <Button
          className={css.more}
          onClick={() => {
            setShown(shown + shownAtFirst);
            if (older.hasNextPage && found.length < shown + shownAtFirst) void older.fetchNextPage();
          }}
          busy={older.isFetchingNextPage}
        >
          Show older lessons
        </Button>
      )}
    </section>
  );
}

function None({
  loading,
  error,
  again,
  narrowed,
  onExample,
}: {
  loading: boolean;
  error: unknown;
  again: () => void;
  narrowed: boolean;
  onExample: () => void;
}) {
  if (loading) return <Loading label="Loading your lessons" />;
  if (error) return <Failed title="Your lessons can’t be loaded" error={error} again={again} />;
  if (narrowed)
    return (
      <Notice icon={<Search aria-hidden />} title="No lesson matches">
        Change the search or the filters.
      </Notice>
    );
  return (
    <Notice
      icon={<Sparkles aria-hidden />}
      title="Nothing here yet"
      action={<Button onClick={onExample}>Try it with an example</Button>}
    >
      Your first lesson appears the moment you ask for it. No page at hand? Take a short text about the seasons.
    </Notice>
  );
}
