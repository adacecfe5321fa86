/** Who the user is: a token or API key, kept by this window until it is closed. */

const key = 'studycast.token';
const listeners = new Set<() => void>();
let refused = false;

export const token = (): string | undefined => sessionStorage.getItem(key) ?? undefined;

/** Whether the server wants to know who the user is. */
export const isRefused = () => refused;

export function signIn(value: string) {
  sessionStorage.setItem(key, value);
  refused = false;
  tell();
}

export function signOut() {
  sessionStorage.removeItem(key);
  refused = true;
  tell();
}

/** Tells that the server did not take the token, or the lack of one. */
export function refuse() {
  if (refused) return;
  refused = true;
  tell();
}

export function subscribe(listener: () => void) {
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
  };
}

function tell() {
  for (const listener of listeners) listener();
}
