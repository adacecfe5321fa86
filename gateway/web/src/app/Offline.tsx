/** Says that nothing arrives any more, once that lasts. */
import { CloudOff } from 'lucide-react';
import { useEffect, useState } from 'react';

import { useLive } from '../jobs/live';
import css from './Offline.module.css';

// A server that restarts is back sooner, in milliseconds.
const patience = 4000;

export function Offline() {
  const live = useLive();
  const [shown, setShown] = useState(false);
  useEffect(() => {
    setShown(false);
    if (live) return;
    const timer = setTimeout(() => setShown(true), patience);
    return () => clearTimeout(timer);
  }, [live]);
  if (!shown) return null;
  return (
    <p className={css.offline} role="alert">
      <CloudOff aria-hidden />
      The server can’t be reached. Your lessons go on there, and this page catches up by itself.
    </p>
  );
}
