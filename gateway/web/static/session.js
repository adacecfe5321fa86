// Who the user is: a token or API key, kept by this window until it is closed.
const name = 'studycast.token';

export const token = () => sessionStorage.getItem(name) ?? '';

export function set(value) {
  if (value) sessionStorage.setItem(name, value);
  else sessionStorage.removeItem(name);
}

/** The headers of a call, with the token when there is one. */
export const headers = (more = {}) => (token() ? { ...more, Authorization: `Bearer ${token()}` } : more);

const needed = new EventTarget();

/** Calls ask when the server wants to know who the user is. */
export const whenNeeded = (ask) => needed.addEventListener('needed', ask);

/** Tells that the server did not take the token, or the lack of one. */
export const refused = () => needed.dispatchEvent(new Event('needed'));
