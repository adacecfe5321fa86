/** What is said, following along; a click plays from there. */
import { useEffect, useMemo, useRef } from 'react';

import { type Cue, cueAt, paragraphs } from './cues';
import css from './Transcript.module.css';

interface Props {
  cues: Cue[];
  time: number;
  onSeek: (seconds: number) => void;
  open: boolean;
}

export function Transcript({ cues, time, onSeek, open }: Props) {
  const box = useRef<HTMLElement>(null);
  const said = cues[cueAt(cues, time)];
  const text = useMemo(() => paragraphs(cues), [cues]);

  // Only the box scrolls, never the page under the reader's eyes.
  useEffect(() => {
    const line = said && box.current?.querySelector<HTMLElement>('[data-now="true"]');
    if (!line || !box.current) return;
    const top = line.offsetTop - box.current.clientHeight / 2;
    box.current.scrollTo({ top, behavior: 'smooth' });
  }, [said]);

  return (
    <details className={css.transcript} open={open}>
      <summary>Transcript</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a box that scrolls has to be reached by the keyboard */}
      <section className={css.box} ref={box} tabIndex={0} aria-label="Transcript">
        {text.map((paragraph) => (
          <p key={paragraph.cues[0]?.start}>
            {paragraph.speaker && <b>{paragraph.speaker}</b>}{' '}
            {paragraph.cues.map((cue) => (
              <span key={cue.start}>
                <Line cue={cue} now={cue === said} onSeek={onSeek} />{' '}
              </span>
            ))}
          </p>
        ))}
      </section>
    </details>
  );
}

// A link, because a button can't be broken into lines like text.
function Line({ cue, now, onSeek }: { cue: Cue; now: boolean; onSeek: (seconds: number) => void }) {
  return (
    <a
      className={css.line}
      data-now={now}
      href={`#t=${cue.start}`}
      onClick={(e) => {
        e.preventDefault();
        onSeek(cue.start);
      }}
    >
      {cue.text}
    </a>
  );
}
