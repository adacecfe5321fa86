/** Dead letters in words. */
import type { Tone } from '../jobs/words';
import type { LetterState } from './filter';

export const letterTones: Record<LetterState, Tone> = {
  open: 'bad',
  replaying: 'busy',
  replayed: 'wait',
  recovered: 'good',
  discarded: 'plain',
};
