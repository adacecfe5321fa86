/** The cues of a track: chapters, and what is said when. */
import { useEffect, useState } from 'react';

export interface Cue {
  start: number; // seconds
  end: number;
  speaker: string; // '' = nobody is named
  text: string;
}

/** Reads a cue of WebVTT; <v Name> names who speaks. */
export function readCue(cue: { startTime: number; endTime: number; text: string }): Cue {
  const [, speaker = '', rest = ''] = /^(?:<v ([^>]*)>)?([\s\S]*)$/.exec(cue.text) ?? [];
  const text = new DOMParser().parseFromString(rest.replace(/<\/?v[^>]*>/g, ''), 'text/html').body.textContent ?? '';
  return { start: cue.startTime, end: cue.endTime, speaker, text: text.replace(/\s+/g, ' ').trim() };
}

/** A paragraph: what one speaker says without a long pause. */
export interface Paragraph {
  speaker: string;
  cues: Cue[];
}

// A pause as long as this, in seconds, starts a new paragraph.
const pause = 0.5;

export function paragraphs(cues: Cue[]): Paragraph[] {
  const all: Paragraph[] = [];
  for (const cue of cues) {
    const last = all.at(-1);
    const before = last?.cues.at(-1);
    const goesOn = last && before && last.speaker === cue.speaker && (cue.speaker || cue.start - before.end < pause);
    if (goesOn) last.cues.push(cue);
    else all.push({ speaker: cue.speaker, cues: [cue] });
  }
  return all;
}

/** The cues of a track element once they are loaded. A disabled track never loads; a hidden one loads without being drawn. */
export function useCues(track: HTMLTrackElement | null, mode: TextTrackMode): Cue[] {
  const [cues, setCues] = useState<Cue[]>([]);
  useEffect(() => {
    if (!track) return;
    const read = () => setCues([...(track.track.cues ?? [])].map((cue) => readCue(cue as VTTCue)));
    track.addEventListener('load', read);
    track.track.mode = mode;
    if (track.readyState === HTMLTrackElement.LOADED) read();
    return () => track.removeEventListener('load', read);
  }, [track, mode]);
  return cues;
}

/** The index of the cue that is said at a time; -1 = none. */
export const cueAt = (cues: Cue[], time: number) => cues.findLastIndex((cue) => cue.start <= time && time < cue.end);
