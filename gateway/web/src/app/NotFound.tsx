/** What is shown where no page is, and when one broke. */
import { Compass, TriangleAlert } from 'lucide-react';
import { useRouteError } from 'react-router';

import { ButtonLink } from '../ui/Button';
import { Notice } from '../ui/Notice';

export function NotFound() {
  return (
    <Notice
      icon={<Compass aria-hidden />}
      title="There is no page at this address"
      action={<ButtonLink to="/">To your lessons</ButtonLink>}
    >
      The link may be old, or the lesson was deleted.
    </Notice>
  );
}

export function Oops() {
  const error = useRouteError();
  return (
    <Notice icon={<TriangleAlert aria-hidden />} title="This page broke" action={<a href="/">Load it again</a>}>
      {error instanceof Error ? error.message : 'It could not be shown.'} Your lessons are safe: they are made on the
      server.
    </Notice>
  );
}
