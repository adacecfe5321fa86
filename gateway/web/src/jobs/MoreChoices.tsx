/** Choices that few students make: folded away, with what holds now. */
import { ChevronDown, SlidersHorizontal } from 'lucide-react';
import type { ReactNode } from 'react';

import css from './MoreChoices.module.css';

export function MoreChoices({ now, children }: { now: string; children: ReactNode }) {
  return (
    <details className={css.more}>
      <summary>
        <SlidersHorizontal aria-hidden />
        <span>Voice and look</span> <small>{now}</small>
        <ChevronDown className={css.chevron} aria-hidden />
      </summary>
      <div className={css.choices}>{children}</div>
    </details>
  );
}
