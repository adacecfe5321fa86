/** How far a lesson is: its place in line, its stage, its percent. */
import { Progress } from '@base-ui/react/progress';
import type { Job } from '@studycast/client';

import css from './JobProgress.module.css';
import { moment, place, stageWords, when } from './words';

export function JobProgress({ job }: { job: Job }) {
  if (job.state === 'running') return <Running job={job} />;
  const words = waiting(job);
  return words ? <p className={css.words}>{words}</p> : null;
}

function Running({ job }: { job: Job }) {
  return (
    <Progress.Root
      value={job.progress}
      className={css.root}
      getAriaValueText={(_, value) => `${stageWords(job.stage, job.source)}, ${Math.round(value ?? 0)} percent`}
    >
      <div className={css.line}>
        <Progress.Label className={css.words} data-part="stage">
          {stageWords(job.stage, job.source)}
        </Progress.Label>
        <span className={css.percent} aria-hidden>
          {Math.round(job.progress)} %
        </span>
      </div>
      <Progress.Track className={css.track}>
        <Progress.Indicator className={css.indicator} />
      </Progress.Track>
    </Progress.Root>
  );
}

function waiting(job: Job): string | undefined {
  switch (job.state) {
    case 'queued':
      return place(job) ?? 'Waiting for a worker';
    case 'scheduled':
      return job.run_at ? `Starts ${moment(job.run_at)}` : undefined;
    case 'retrying':
      return job.not_before ? `The next try starts ${when(job.not_before)}` : 'The next try starts in a moment';
    case 'parked':
      return 'Something we need is down. Your lesson goes on by itself when it is back.';
    default:
      return undefined;
  }
}
