/** The pages by address. Operators' pages are loaded when one is opened. */
import { createBrowserRouter } from 'react-router';

import { HomePage } from '../jobs/HomePage';
import { Layout } from './Layout';
import { NotFound, Oops } from './NotFound';

export const router = createBrowserRouter([
  {
    element: <Layout />,
    errorElement: <Oops />,
    HydrateFallback: () => null,
    children: [
      { index: true, element: <HomePage /> },
      { path: 'lessons/:id', lazy: async () => ({ Component: (await import('../lesson/LessonPage')).LessonPage }) },
      {
        path: 'operate',
        lazy: async () => ({ Component: (await import('../operate/OperateLayout')).OperateLayout }),
        children: [
          { index: true, lazy: async () => ({ Component: (await import('../operate/OverviewPage')).OverviewPage }) },
          {
            path: 'dead-letters',
            lazy: async () => ({ Component: (await import('../operate/LettersPage')).LettersPage }),
          },
          {
            path: 'dead-letters/:id',
            lazy: async () => ({ Component: (await import('../operate/LetterPage')).LetterPage }),
          },
          { path: 'replays', lazy: async () => ({ Component: (await import('../operate/ReplaysPage')).ReplaysPage }) },
          {
            path: 'replays/:id',
            lazy: async () => ({ Component: (await import('../operate/ReplayPage')).ReplayPage }),
          },
          { path: 'workers', lazy: async () => ({ Component: (await import('../operate/WorkersPage')).WorkersPage }) },
          { path: 'audit', lazy: async () => ({ Component: (await import('../operate/AuditPage')).AuditPage }) },
        ],
      },
      { path: '*', element: <NotFound /> },
    ],
  },
]);
