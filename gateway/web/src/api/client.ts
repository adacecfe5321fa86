/** The one client of the server that this page came from. */
import { createStudycast, StudycastError, unwrap } from '@studycast/client';

import { refuse, token } from './session';

export const studycast = createStudycast({
  baseUrl: '',
  token,
  fetch: async (input) => {
    const response = await fetch(input, { cache: 'no-store' });
    if (response.status === 401) refuse();
    return response;
  },
});

export const { api } = studycast;
export { unwrap };

/** What went wrong, in words to show. */
export function words(error: unknown): string {
  if (error instanceof StudycastError) {
    const fields = error.problem?.errors ?? [];
    const told = fields.map((field) => sentence(field.message ?? '')).filter(Boolean);
    return told.join(' ') || error.message;
  }
  if (error instanceof TypeError) return 'The server can’t be reached. Check that it is running, then try again.';
  return error instanceof Error ? error.message : String(error);
}

/** Whether an error is the server's answer with this status. */
export const answered = (error: unknown, status: number) => error instanceof StudycastError && error.status === status;

function sentence(message: string) {
  if (!message) return '';
  // The server leaves out the name of the field, which is in sight here.
  const whole = message.startsWith('is ') ? `this ${message}` : message;
  const text = whole[0]?.toUpperCase() + whole.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
