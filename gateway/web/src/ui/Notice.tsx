/** A block that says why there is nothing to see: empty, failed or not allowed. */
import type { ReactNode } from 'react';

import { words } from '../api/client';
import { Button } from './Button';
import css from './Notice.module.css';

export function Notice({
  icon,
  title,
  children,
  action,
}: {
  icon?: ReactNode;
  title: string;
  children?: ReactNode;
  action?: ReactNode;
}) {
  return (
    <div className={css.notice}>
      {icon}
      <p className={css.title}>{title}</p>
      {children && <div className={css.text}>{children}</div>}
      {action}
    </div>
  );
}

/** A call that failed, in the server's words, with another try. */
export function Failed({ title, error, again }: { title: string; error: unknown; again?: () => void }) {
  return (
    <div role="alert">
      <Notice title={title} action={again && <Button onClick={again}>Try again</Button>}>
        {words(error)}
      </Notice>
    </div>
  );
}

/** Something is on its way. */
export function Loading({ label = 'Loading' }: { label?: string }) {
  return (
    <div className={css.loading} role="status">
      <span className="hidden">{label}</span>
      <span className={css.bone} />
      <span className={css.bone} />
      <span className={css.bone} />
    </div>
  );
}
