import type { Job } from '@studycast/client';
import { describe, expect, it, vi } from 'vitest';

import { JobStore } from './store';

const job = (id: string, version: number, parts: Partial<Job> = {}): Job => ({
  id,
  kind: 'video',
  state: 'queued',
  source: { text: 'x' },
  options: {},
  artifacts: [],
  attempt: 0,
  progress: 0,
  version,
  created_at: `2026-01-01T00:00:0${id}Z`,
  updated_at: '2026-01-01T00:00:00Z',
  ...parts,
});

describe('JobStore', () => {
  it('keeps the newest version, whatever comes late', () => {
    const store = new JobStore();
    store.put(job('1', 3, { state: 'running' }));
    store.put(job('1', 2));
    expect(store.get('1')?.state).toBe('running');
  });

  it('lists the newest first', () => {
    const store = new JobStore();
    store.put(job('1', 1), job('3', 1), job('2', 1));
    expect(store.all().map((j) => j.id)).toEqual(['3', '2', '1']);
  });

  it('keeps the history that lists leave out', () => {
    const store = new JobStore();
    store.put(job('1', 5, { history: [{ at: '2026-01-01T00:00:00Z', to: 'queued' }] }));
    store.put(job('1', 5));
    expect(store.get('1')?.history).toHaveLength(1);
    store.put(job('1', 6));
    expect(store.get('1')?.history).toBeUndefined();
  });

  it('does not bring back what was deleted', () => {
    const store = new JobStore();
    store.put(job('1', 1));
    store.remove('1');
    store.put(job('1', 2));
    expect(store.all()).toEqual([]);
  });

  it('tells once of many changes, and gives the same list until the next', async () => {
    const store = new JobStore();
    const told = vi.fn();
    store.subscribe(told);
    store.put(job('1', 1));
    store.put(job('2', 1));
    await Promise.resolve();
    expect(told).toHaveBeenCalledTimes(1);
    expect(store.all()).toBe(store.all());
  });
});
