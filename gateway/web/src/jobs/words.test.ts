import type { Job } from '@studycast/client';
import { describe, expect, it } from 'vitest';

import { clock, heading, origin, place, size, span, when } from './words';

const job = (parts: Partial<Job>): Job => ({
  id: '0199f1a2-7c3e-7b10-9b1f-0c7d6a1e2f30',
  kind: 'video',
  state: 'queued',
  source: { url: 'https://www.example.org/a/page' },
  options: {},
  artifacts: [],
  attempt: 0,
  progress: 0,
  version: 1,
  created_at: '2026-01-01T00:00:00Z',
  updated_at: '2026-01-01T00:00:00Z',
  ...parts,
});

describe('heading', () => {
  it('is the title, or what the lesson is made of', () => {
    expect(heading(job({ title: 'Tides' }))).toBe('Tides');
    expect(heading(job({}))).toBe('example.org/a/page');
    expect(heading(job({ source: { text: '\n## Rivers\nWater flows.' } }))).toBe('Rivers');
    expect(heading(job({ source: { upload: 'u' } }))).toBe('Uploaded file');
  });
});

describe('origin', () => {
  it('names the site', () => {
    expect(origin(job({}))).toBe('example.org');
    expect(origin(job({ source: { url: 'no address' } }))).toBe('no address');
    expect(origin(job({ source: { text: 'x' } }))).toBe('Pasted text');
    expect(origin(job({ source: { upload: 'u' } }))).toBe('Uploaded file');
  });
});

describe('when', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  it.each([
    ['2026-01-01T11:59:50Z', 'just now'],
    ['2026-01-01T12:00:20Z', 'in a moment'],
    ['2026-01-01T11:58:00Z', '2 minutes ago'],
    ['2026-01-01T15:00:00Z', 'in 3 hours'],
    ['2025-12-31T12:00:00Z', 'yesterday'],
  ])('%s is %s', (iso, words) => expect(when(iso, now)).toBe(words));
});

describe('place', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');
  const line = (position: number, from: number, to?: number) => ({
    position,
    earliest_start: new Date(now + from * 1000).toISOString(),
    ...(to !== undefined && { latest_start: new Date(now + to * 1000).toISOString() }),
  });
  it('tells the place and a range', () => {
    expect(place(job({ line: line(1, 0, 20) }), now)).toBe('Next in line, starts in less than a minute');
    expect(place(job({ line: line(7, 120, 300) }), now)).toBe('Number 7 in line, starts in 2–5 min');
    expect(place(job({ line: line(3, 0) }), now)).toBe('Number 3 in line, starts soon');
    expect(place(job({}), now)).toBeUndefined();
    expect(place(job({ state: 'running', line: line(1, 0, 20) }), now)).toBeUndefined();
  });
  it('never promises a range that ends before it begins', () => {
    for (let to = 0; to < 4000; to += 37) {
      for (let from = 0; from <= to; from += 53) {
        const found = /(\d+)–(\d+) min/.exec(span(from, to));
        if (found) expect(Number(found[1])).toBeLessThan(Number(found[2]));
      }
    }
  });
});

describe('size and clock', () => {
  it('count in thousands', () => {
    expect(size(999)).toBe('999 bytes');
    expect(size(1500)).toBe('1.5 kB');
    expect(size(123_456_789)).toBe('123 MB');
  });
  it('count in minutes', () => {
    expect(clock(0.4)).toBe('0:00');
    expect(clock(605)).toBe('10:05');
  });
});
