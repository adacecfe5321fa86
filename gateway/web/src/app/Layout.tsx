/** The frame of every page: brand, navigation, connection, theme and sign-in. */
import { LogOut, Moon, Sun } from 'lucide-react';
import { Suspense, useEffect, useRef, useSyncExternalStore } from 'react';
import { Link, NavLink, Outlet, ScrollRestoration, useLocation } from 'react-router';

import * as session from '../api/session';
import { useFeed, useLive } from '../jobs/live';
import { IconButton } from '../ui/Button';
import { Loading } from '../ui/Notice';
import { Toasts } from '../ui/Toasts';
import css from './Layout.module.css';
import { useIsOperator } from './me';
import { Offline } from './Offline';
import { SignIn } from './SignIn';
import { setTheme, useTheme } from './theme';

export function Layout() {
  useFeed();
  const operator = useIsOperator();
  const refused = useSyncExternalStore(session.subscribe, session.isRefused);
  const main = useFocusOfPage();
  return (
    <>
      <a className={css.skip} href="#main">
        Skip to the content
      </a>
      <header className={css.header}>
        <div className={css.bar}>
          <Link className={css.brand} to="/">
            <img src="/icon.svg" alt="" width="30" height="30" />
            Studycast
          </Link>
          {operator && (
            <nav className={css.nav} aria-label="Pages">
              <NavLink to="/" end>
                Lessons
              </NavLink>
              <NavLink to="/operate">Operate</NavLink>
            </nav>
          )}
          <div className={css.tools}>
            <Connection />
            <ThemeButton />
            <SignOut />
          </div>
        </div>
      </header>
      {!refused && <Offline />}
      <main className={css.main} id="main" tabIndex={-1} ref={main}>
        <Suspense fallback={<Loading />}>
          <Outlet />
        </Suspense>
      </main>
      <footer className={css.footer}>
        Build your own front end on the <a href="/docs">API</a>.
      </footer>
      <SignIn />
      <Toasts />
      <ScrollRestoration />
    </>
  );
}

/** Moves the focus to the content of a new page, as loading one would. */
function useFocusOfPage() {
  const main = useRef<HTMLElement>(null);
  const { pathname } = useLocation();
  const before = useRef(pathname);
  useEffect(() => {
    if (before.current === pathname) return;
    before.current = pathname;
    main.current?.focus({ preventScroll: true });
  }, [pathname]);
  return main;
}

function Connection() {
  const live = useLive();
  return (
    <span className={css.live} data-live={live} role="status">
      {live ? 'Live' : 'Connecting'}
    </span>
  );
}

function ThemeButton() {
  const theme = useTheme();
  const other = theme === 'dark' ? 'light' : 'dark';
  return (
    <IconButton label={`Use the ${other} theme`} onClick={() => setTheme(other)}>
      {theme === 'dark' ? <Sun aria-hidden /> : <Moon aria-hidden />}
    </IconButton>
  );
}

function SignOut() {
  const token = useSyncExternalStore(session.subscribe, session.token);
  if (!token) return null;
  return (
    <IconButton label="Sign out" onClick={session.signOut}>
      <LogOut aria-hidden />
    </IconButton>
  );
}
