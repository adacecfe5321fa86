/** Jobs in words: what a state, a stage, a source and a time are called on the page. */
import type { Job } from '@studycast/client';

export type State = Job['state'];

export const stateWords: Record<State, string> = {
  scheduled: 'Scheduled',
  queued: 'In line',
  running: 'Working',
  retrying: 'Trying again soon',
  parked: 'Waiting',
  succeeded: 'Ready',
  failed: 'Failed',
  cancelled: 'Cancelled',
};

export type Tone = 'plain' | 'busy' | 'good' | 'bad' | 'wait';

export const stateTones: Record<State, Tone> = {
  scheduled: 'plain',
  queued: 'plain',
  running: 'busy',
  retrying: 'wait',
  parked: 'wait',
  succeeded: 'good',
  failed: 'bad',
  cancelled: 'plain',
};

const stages: Record<string, string> = {
  fetch: 'Fetching the page',
  extract: 'Reading it',
  script: 'Writing the script',
  narrate: 'Recording the voices',
  draw: 'Drawing the slides',
  encode: 'Putting it together',
  publish: 'Storing the files',
};

/** What a worker does in a stage; the source, where it is known, says what is fetched. */
export function stageWords(stage: string | undefined, source?: Job['source']): string {
  if (!stage) return 'Starting';
  if (stage === 'fetch' && source && !source.url) return source.upload ? 'Opening the file' : 'Taking the text';
  return stages[stage] ?? stage;
}

export const lengthWords: Record<string, string> = { short: '1 min', medium: '3 min', long: '6 min' };

/** The title of the lesson, or what it is made of until it has one. */
export function heading(job: Job): string {
  if (job.title) return job.title;
  if (job.source.url) return job.source.url.replace(/^https?:\/\/(www\.)?/, '');
  if (job.source.text) return firstLine(job.source.text);
  return 'Uploaded file';
}

/** Where the lesson comes from, in short. */
export function origin(job: Job): string {
  if (!job.source.url) return job.source.upload ? 'Uploaded file' : 'Pasted text';
  try {
    return new URL(job.source.url).hostname.replace(/^www\./, '');
  } catch {
    return job.source.url;
  }
}

const firstLine = (text: string) => (text.trim().split('\n')[0] ?? '').replace(/^#+\s*/, '').slice(0, 120);

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });

/** How long ago, or until when, in words. */
export function when(iso: string, now = Date.now()): string {
  const seconds = (Date.parse(iso) - now) / 1000;
  const size = Math.abs(seconds);
  if (size < 45) return seconds > 0 ? 'in a moment' : 'just now';
  if (size < 3600) return relative.format(Math.round(seconds / 60), 'minute');
  if (size < 86400) return relative.format(Math.round(seconds / 3600), 'hour');
  return relative.format(Math.round(seconds / 86400), 'day');
}

/** The day and time, as the reader's country writes them. */
export const moment = (iso: string) =>
  new Date(iso).toLocaleString(undefined, { dateStyle: 'medium', timeStyle: 'short' });

/** A wait in words, from a range of seconds. */
export function span(from: number, to: number | undefined): string {
  const low = Math.max(0, Math.round(from / 60));
  if (to === undefined) return low < 1 ? 'soon' : `in ${low} min or more`;
  if (to < 45) return 'in less than a minute';
  const high = Math.max(1, Math.ceil(to / 60));
  if (low === high || low === 0) return `in about ${high} min`;
  return `in ${low}–${high} min`;
}

/** The place of a queued job and when it starts; undefined while that is not known. */
export function place(job: Job, now = Date.now()): string | undefined {
  if (job.state !== 'queued' || !job.line) return undefined;
  const { position, earliest_start: from, latest_start: to } = job.line;
  const until = (iso: string) => (Date.parse(iso) - now) / 1000;
  const first = position === 1 ? 'Next in line' : `Number ${position} in line`;
  return `${first}, starts ${span(until(from), to === undefined ? undefined : until(to))}`;
}

/** Bytes in words. */
export function size(bytes: number): string {
  const units = ['bytes', 'kB', 'MB', 'GB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

/** Seconds as minutes and seconds. */
export function clock(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}
