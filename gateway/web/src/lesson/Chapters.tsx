/** The chapters of a lesson; each starts there. */
import { clock } from '../jobs/words';
import css from './Chapters.module.css';
import { type Cue, cueAt } from './cues';

export function Chapters({ cues, time, onSeek }: { cues: Cue[]; time: number; onSeek: (seconds: number) => void }) {
  const now = cueAt(cues, time);
  return (
    <nav className={css.chapters} aria-label="Chapters">
      <h2>Chapters</h2>
      <ol>
        {cues.map((cue, i) => (
          <li key={cue.start}>
            <button type="button" onClick={() => onSeek(cue.start)} aria-current={i === now ? 'true' : undefined}>
              <time>{clock(cue.start)}</time>
              <span>{cue.text}</span>
            </button>
          </li>
        ))}
      </ol>
    </nav>
  );
}
