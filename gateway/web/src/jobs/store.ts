/**
 * All jobs that the page knows, each at its newest version. The live feed and
 * every answer of the API end here, so that no view shows an older state than
 * another.
 */
import type { Job } from '@studycast/client';
import { useSyncExternalStore } from 'react';

type Listener = () => void;

export class JobStore {
  private readonly jobs = new Map<string, Job>();
  private readonly gone = new Set<string>();
  private readonly listeners = new Set<Listener>();
  private sorted: readonly Job[] | undefined;
  private told = false;

  /** Takes jobs, unless newer versions are there or they were deleted. */
  put(...jobs: Job[]) {
    let changed = false;
    for (const job of jobs) {
      const known = this.jobs.get(job.id);
      if (this.gone.has(job.id) || (known && known.version > job.version)) continue;
      this.jobs.set(job.id, merge(known, job));
      changed = true;
    }
    if (changed) this.tell();
  }

  remove(id: string) {
    this.gone.add(id);
    if (this.jobs.delete(id)) this.tell();
  }

  /** Forgets everything: another user signed in. */
  clear() {
    this.jobs.clear();
    this.gone.clear();
    this.tell();
  }

  get(id: string): Job | undefined {
    return this.jobs.get(id);
  }

  /** All jobs, newest first; the same array until something changes. */
  all = (): readonly Job[] => {
    this.sorted ??= [...this.jobs.values()].sort(
      (a, b) => b.created_at.localeCompare(a.created_at) || b.id.localeCompare(a.id),
    );
    return this.sorted;
  };

  subscribe = (listener: Listener) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  // A burst of events, like the snapshot of a stream, is drawn once.
  private tell() {
    this.sorted = undefined;
    if (this.told) return;
    this.told = true;
    queueMicrotask(() => {
      this.told = false;
      for (const listener of this.listeners) listener();
    });
  }
}

// Lists and events come without history and place in line: what was read of
// the same version is kept.
function merge(known: Job | undefined, job: Job): Job {
  if (!known || known.version !== job.version) return job;
  return { ...known, ...job };
}

export const jobStore = new JobStore();

export const useJobs = () => useSyncExternalStore(jobStore.subscribe, jobStore.all);

export const useJob = (id: string) => useSyncExternalStore(jobStore.subscribe, () => jobStore.get(id));
