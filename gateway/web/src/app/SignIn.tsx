/** Asks who the user is, whenever the server wants to know. */
import { Dialog } from '@base-ui/react/dialog';
import { type FormEvent, useState, useSyncExternalStore } from 'react';

import * as session from '../api/session';
import { Button } from '../ui/Button';
import dialog from '../ui/Dialog.module.css';
import field from '../ui/Field.module.css';

export function SignIn() {
  const refused = useSyncExternalStore(session.subscribe, session.isRefused);
  const [token, setToken] = useState('');
  const [error, setError] = useState('');

  function submit(event: FormEvent) {
    event.preventDefault();
    const value = token.trim();
    if (!value) return setError('Paste a token or a key first.');
    // A header can't carry anything else.
    if (!/^[\x21-\x7e]+$/.test(value)) return setError('This is no token: it has spaces or letters that none has.');
    setToken('');
    setError('');
    session.signIn(value);
  }

  return (
    <Dialog.Root open={refused} disablePointerDismissal>
      <Dialog.Portal>
        <Dialog.Backdrop className={dialog.backdrop} />
        <Dialog.Popup className={dialog.popup}>
          <form onSubmit={submit} noValidate>
            <Dialog.Title className={dialog.title}>Sign in</Dialog.Title>
            <Dialog.Description className={dialog.description}>
              Paste the token that your school’s sign-in gave you, or an API key. This window keeps it until you close
              it.
            </Dialog.Description>
            <label className={field.field}>
              <span>Token or API key</span>
              <input
                type="password"
                autoComplete="off"
                spellCheck={false}
                value={token}
                onChange={(e) => setToken(e.target.value)}
                aria-invalid={error !== ''}
                aria-describedby="signin-error"
              />
            </label>
            <p className={field.error} id="signin-error" role="alert">
              {error || (session.token() ? 'The server does not take that token (any more).' : '')}
            </p>
            <div className={dialog.actions}>
              <Button weight="primary" type="submit">
                Sign in
              </Button>
            </div>
          </form>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
