import type { Job } from '@studycast/client';
import { expect, test } from 'vitest';

import { draftOf } from './drafts';

const job = (source: Job['source'], options: Job['options'] = {}) => ({ kind: 'audio', source, options }) as Job;

test('a draft says what the job said', () => {
  expect(draftOf(job({ url: 'https://example.org' }, { length: 'short', voices: ['cal'] }))).toEqual({
    kind: 'audio',
    from: 'url',
    url: 'https://example.org',
    length: 'short',
    voices: ['cal'],
  });
  expect(draftOf(job({ text: 'Tides' }))).toEqual({ kind: 'audio', from: 'text', text: 'Tides' });
});

test('a file can’t be put into the form again', () => {
  expect(draftOf(job({ upload: 'up1' }))).toBeUndefined();
});
