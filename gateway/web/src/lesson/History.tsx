/** What happened to a lesson, step by step. */
import type { Job } from '@studycast/client';

import { useIsOperator } from '../app/me';
import { moment, type State, stateWords } from '../jobs/words';
import css from './History.module.css';

export function History({ job }: { job: Job }) {
  const operator = useIsOperator();
  if (!job.history?.length) return null;
  return (
    <details className={css.history}>
      <summary>What happened</summary>
      <ol>
        {job.history.map((move) => (
          <li key={`${move.at} ${move.to}`}>
            <time dateTime={move.at}>{moment(move.at)}</time>
            <b>{stateWords[move.to as State] ?? move.to}</b>
            <span>
              {[move.attempt && `try ${move.attempt}`, operator && move.worker, move.why].filter(Boolean).join(' · ')}
            </span>
          </li>
        ))}
      </ol>
    </details>
  );
}
