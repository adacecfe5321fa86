/** The frame of the operators' pages. */
import { ShieldAlert } from 'lucide-react';
import { NavLink, Outlet } from 'react-router';

import { useMe } from '../app/me';
import { Loading, Notice } from '../ui/Notice';
import css from './OperateLayout.module.css';

const pages = [
  ['', 'Overview'],
  ['dead-letters', 'Dead letters'],
  ['replays', 'Replays'],
  ['workers', 'Workers'],
  ['audit', 'Audit'],
] as const;

export function OperateLayout() {
  const me = useMe();
  if (!me) return <Loading />;
  if (!me.roles.includes('operator'))
    return (
      <Notice icon={<ShieldAlert aria-hidden />} title="These pages are for operators">
        Sign in with an account or a key that has the role operator.
      </Notice>
    );
  return (
    <div className={css.page}>
      <nav className={css.nav} aria-label="Operators’ pages">
        {pages.map(([path, name]) => (
          <NavLink key={path} to={path === '' ? '/operate' : `/operate/${path}`} end={path === ''}>
            {name}
          </NavLink>
        ))}
      </nav>
      <Outlet />
    </div>
  );
}
