/** A dialog that asks for a few things, does what was asked and closes when it worked. */
import { Dialog } from '@base-ui/react/dialog';
import { type FormEvent, type ReactElement, type ReactNode, useState } from 'react';

import { words } from '../api/client';
import { Button } from './Button';
import css from './Dialog.module.css';
import field from './Field.module.css';

interface Props {
  trigger: ReactElement;
  title: string;
  action: string;
  danger?: boolean;
  /** Throws what the server said against it. */
  onSubmit: () => Promise<void>;
  onOpen?: () => void;
  children: ReactNode;
}

export function FormDialog({ trigger, title, action, danger, onSubmit, onOpen, children }: Props) {
  const [open, setOpen] = useState(false);
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState('');

  async function submit(event: FormEvent) {
    event.preventDefault();
    setBusy(true);
    setError('');
    try {
      await onSubmit();
      setOpen(false);
    } catch (e) {
      setError(words(e));
    } finally {
      setBusy(false);
    }
  }

  function change(next: boolean) {
    setOpen(next);
    setError('');
    if (next) onOpen?.();
  }

  return (
    <Dialog.Root open={open} onOpenChange={change}>
      <Dialog.Trigger render={trigger} />
      <Dialog.Portal>
        <Dialog.Backdrop className={css.backdrop} />
        <Dialog.Popup className={css.popup}>
          <form className={css.form} onSubmit={submit}>
            <Dialog.Title className={css.title}>{title}</Dialog.Title>
            {children}
            <p className={field.error} role="alert">
              {error}
            </p>
            <div className={css.actions}>
              <Dialog.Close render={<Button>Never mind</Button>} />
              <Button type="submit" weight={danger ? 'danger' : 'primary'} busy={busy}>
                {action}
              </Button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

/** Why something is done, for the record. */
export function Reason({
  value,
  onChange,
  example,
}: {
  value: string;
  onChange: (value: string) => void;
  example: string;
}) {
  return (
    <label className={field.field}>
      <span>Why (kept on record with your name)</span>
      <input required maxLength={500} placeholder={example} value={value} onChange={(e) => onChange(e.target.value)} />
    </label>
  );
}

/** A dialog that asks only why. */
export function ReasonDialog({
  onConfirm,
  example,
  children,
  ...rest
}: Omit<Props, 'onSubmit' | 'children'> & {
  onConfirm: (reason: string) => Promise<void>;
  example: string;
  children?: ReactNode;
}) {
  const [reason, setReason] = useState('');
  return (
    <FormDialog {...rest} onSubmit={() => onConfirm(reason)} onOpen={() => setReason('')}>
      {children && <div className={css.description}>{children}</div>}
      <Reason value={reason} onChange={setReason} example={example} />
    </FormDialog>
  );
}
