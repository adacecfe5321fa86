/** The stages of a lesson, with the one at work. */
import type { Job } from '@studycast/client';
import { Check, LoaderCircle } from 'lucide-react';

import { stageWords } from '../jobs/words';
import css from './Steps.module.css';

const stages: Record<Job['kind'], string[]> = {
  video: ['fetch', 'extract', 'script', 'narrate', 'draw', 'encode', 'publish'],
  audio: ['fetch', 'extract', 'script', 'narrate', 'encode', 'publish'],
};

export function Steps({ job }: { job: Job }) {
  const all = stages[job.kind];
  const at = job.state === 'running' ? all.indexOf(job.stage ?? '') : -1;
  return (
    <ol className={css.steps} aria-label="Stages">
      {all.map((stage, i) => {
        const state = i < at ? 'done' : i === at ? 'now' : 'next';
        return (
          <li key={stage} className={css.step} data-state={state} aria-current={state === 'now' ? 'step' : undefined}>
            <span className={css.mark}>
              {state === 'done' && <Check aria-label="done" />}
              {state === 'now' && <LoaderCircle aria-hidden />}
            </span>
            {stageWords(stage, job.source)}
          </li>
        );
      })}
    </ol>
  );
}
