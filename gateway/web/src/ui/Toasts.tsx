/** Short messages at the edge of the page: what happened, and what to do. */
import { Toast } from '@base-ui/react/toast';
import { X } from 'lucide-react';

import { words } from '../api/client';
import { IconButton } from './Button';
import css from './Toasts.module.css';

export const toasts = Toast.createToastManager();

/** Tells that something was done. */
export const tell = (title: string, description?: string) => toasts.add({ title, ...(description && { description }) });

/** Tells that something went wrong, in the server's words. */
export const complain = (title: string, error: unknown) =>
  toasts.add({ title, description: words(error), type: 'error', priority: 'high', timeout: 10_000 });

export function Toasts() {
  return (
    <Toast.Provider toastManager={toasts}>
      <Toast.Portal>
        <Toast.Viewport className={css.viewport}>
          <List />
        </Toast.Viewport>
      </Toast.Portal>
    </Toast.Provider>
  );
}

function List() {
  const { toasts: shown } = Toast.useToastManager();
  return shown.map((toast) => (
    <Toast.Root key={toast.id} toast={toast} className={css.toast} data-toast data-tone={toast.type}>
      <Toast.Content className={css.content}>
        <Toast.Title className={css.title} />
        <Toast.Description className={css.description} />
      </Toast.Content>
      <Toast.Close render={<IconButton label="Dismiss" />}>
        <X aria-hidden />
      </Toast.Close>
    </Toast.Root>
  ));
}
