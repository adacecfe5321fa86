/** Asks before something that can't be taken back. */
import { AlertDialog } from '@base-ui/react/alert-dialog';
import type { ReactElement, ReactNode } from 'react';

import { Button } from './Button';
import css from './Dialog.module.css';

interface Props {
  trigger: ReactElement;
  title: string;
  children: ReactNode;
  action: string;
  onConfirm: () => void;
}

export function Confirm({ trigger, title, children, action, onConfirm }: Props) {
  return (
    <AlertDialog.Root>
      <AlertDialog.Trigger render={trigger} />
      <AlertDialog.Portal>
        <AlertDialog.Backdrop className={css.backdrop} />
        <AlertDialog.Popup className={css.popup}>
          <AlertDialog.Title className={css.title}>{title}</AlertDialog.Title>
          <AlertDialog.Description className={css.description} render={<div />}>
            {children}
          </AlertDialog.Description>
          <div className={css.actions}>
            <AlertDialog.Close render={<Button>Keep it</Button>} />
            <AlertDialog.Close render={<Button weight="danger" onClick={onConfirm} />}>{action}</AlertDialog.Close>
          </div>
        </AlertDialog.Popup>
      </AlertDialog.Portal>
    </AlertDialog.Root>
  );
}
