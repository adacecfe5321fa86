import { describe, expect, it } from 'vitest';

import { cueAt, paragraphs, readCue } from './cues';

const cue = (start: number, end: number, text: string) => readCue({ startTime: start, endTime: end, text });

describe('readCue', () => {
  it('tells who speaks and resolves entities', () => {
    expect(cue(0, 1, '<v Ada>Fish &amp; chips\nare hot.')).toEqual({
      start: 0,
      end: 1,
      speaker: 'Ada',
      text: 'Fish & chips are hot.',
    });
    expect(cue(0, 1, 'Plain.').speaker).toBe('');
  });
  it('never makes elements of what a page said', () => {
    expect(cue(0, 1, '&lt;img src=x onerror=alert(1)&gt;').text).toBe('<img src=x onerror=alert(1)>');
  });
});

describe('paragraphs', () => {
  it('change with the speaker', () => {
    const all = paragraphs([cue(0, 1, '<v Ada>One.'), cue(1, 2, '<v Ada>Two.'), cue(2, 3, '<v Ben>Three.')]);
    expect(all.map((p) => [p.speaker, p.cues.length])).toEqual([
      ['Ada', 2],
      ['Ben', 1],
    ]);
  });
  it('change with a pause where nobody is named', () => {
    expect(paragraphs([cue(0, 1, 'One.'), cue(1.1, 2, 'Two.'), cue(2.6, 3, 'Three.')])).toHaveLength(2);
  });
});

describe('cueAt', () => {
  it('finds what is said', () => {
    const cues = [cue(0, 1, 'a'), cue(1, 2, 'b'), cue(3, 4, 'c')];
    expect([0, 1, 1.99, 2.5, 3, 4].map((t) => cueAt(cues, t))).toEqual([0, 1, 1, -1, 2, -1]);
  });
});
