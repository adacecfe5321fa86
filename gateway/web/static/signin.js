// Asks who the user is, where the server wants to know.
import * as api from './api.js';
import * as session from './session.js';

const $ = (id) => document.getElementById(id);

function ask() {
  if ($('signin').open) return;
  const had = session.token();
  session.set('');
  $('signout').hidden = true;
  say(had ? 'Your token is not valid any more. Sign in again.' : '');
  $('token').value = '';
  $('signin').showModal();
}

function say(text) {
  $('signin-error').textContent = text;
  $('signin-error').hidden = !text;
}

/** Calls begin now, and again with each user who signs in; end when one leaves. */
export function start(begin, end) {
  session.whenNeeded(() => { end(); ask(); });
  $('signout').hidden = !session.token();
  $('signout').addEventListener('click', () => { session.set(''); end(); ask(); });
  $('signin').addEventListener('cancel', (e) => e.preventDefault()); // there is nothing behind it
  $('signin-form').addEventListener('submit', async (e) => {
    e.preventDefault();
    say('');
    $('signin-go').disabled = true;
    session.set($('token').value.trim());
    try {
      await api.list();
      $('signin').close();
      $('signout').hidden = false;
      begin();
    } catch (err) {
      session.set('');
      $('token').value = '';
      $('token').focus();
      say(err.status === 401 ? 'This token or key is not valid. Check that you copied all of it.' : err.message);
    } finally {
      $('signin-go').disabled = false;
    }
  });
  begin();
}
