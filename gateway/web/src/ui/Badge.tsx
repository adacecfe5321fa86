/** A word about a state, in the colour of its tone. */
import type { ReactNode } from 'react';

import type { Tone } from '../jobs/words';
import css from './Badge.module.css';

export function Badge({ tone = 'plain', children }: { tone?: Tone; children: ReactNode }) {
  return (
    <span className={`${css.badge} ${css[tone]}`} data-tone={tone}>
      {children}
    </span>
  );
}
