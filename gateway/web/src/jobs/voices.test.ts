import type { Voice } from '@studycast/client';
import { describe, expect, it } from 'vitest';

import { cast, casting, chosen, recast, voiceLabel, voiceName } from './voices';

const voice = (name: string, ...defaults: Voice['default_for']): Voice => ({
  name,
  suits: ['narrator', 'first', 'second'],
  default_for: defaults,
  available: true,
});

const voices = [voice('ada', 'first'), voice('ben', 'narrator', 'second'), voice('cal')];

describe('cast', () => {
  it('is the default one until somebody is chosen', () => {
    expect(cast(voices, 'landscape')).toEqual(['ben']);
    expect(cast(voices, 'dialogue')).toEqual(['ada', 'ben']);
    expect(cast(voices, 'portrait', ['cal'])).toEqual(['cal']);
  });

  it('is the default one when what was chosen was for another format', () => {
    expect(cast(voices, 'monologue', ['cal', 'ada'])).toEqual(['ben']);
  });
});

describe('recast', () => {
  it('changes one host', () => {
    expect(recast(['ada', 'ben'], 1, 'cal')).toEqual(['ada', 'cal']);
    expect(recast(['ben'], 0, 'cal')).toEqual(['cal']);
  });

  it('swaps, so that two hosts never have the same voice', () => {
    expect(recast(['ada', 'ben'], 0, 'ben')).toEqual(['ben', 'ada']);
    expect(recast(['ada', 'ben'], 0, 'ada')).toEqual(['ada', 'ben']);
  });
});

describe('casting', () => {
  it('sends only what is not the default', () => {
    expect(casting(voices, 'video', 'landscape')).toEqual({});
    expect(casting(voices, 'video', 'portrait', ['cal'])).toEqual({ format: 'portrait', voices: ['cal'] });
    expect(casting(voices, 'audio', 'dialogue', ['ada', 'ben'])).toEqual({});
    expect(casting(voices, 'audio', 'dialogue', ['ben', 'ada'])).toEqual({ voices: ['ben', 'ada'] });
    expect(casting([], 'audio', 'monologue')).toEqual({ format: 'monologue' });
  });
});

describe('words', () => {
  it('name a voice and how it sounds', () => {
    expect(voiceName('luna-2')).toBe('Luna 2');
    expect(voiceLabel(voice('ada'))).toBe('Ada');
    expect(voiceLabel({ ...voice('ada'), character: 'bright' })).toBe('Ada – bright');
  });

  it('tell what was chosen', () => {
    expect(chosen({ kind: 'video', options: {} })).toEqual(['Video, landscape']);
    expect(chosen({ kind: 'audio', options: { format: 'monologue', voices: ['cal'] } })).toEqual([
      'Audio, monologue',
      'with Cal',
    ]);
    expect(chosen({ kind: 'audio', options: { voices: ['cal', 'ada'] } })).toEqual([
      'Audio, dialogue',
      'with Cal and Ada',
    ]);
  });
});
