// One lesson in the list.
import * as api from './api.js';
import { size } from './form.js';
import { player } from './player.js';
import * as session from './session.js';

const icons = {
  video: 'M4 6a2 2 0 0 1 2-2h8a2 2 0 0 1 2 2v1.8l3.4-2A1 1 0 0 1 21 6.6v10.8a1 1 0 0 1-1.6.8l-3.4-2V18a2 2 0 0 1-2 2H6a2 2 0 0 1-2-2z',
  audio: 'M12 3a9 9 0 0 0-9 9v6a3 3 0 0 0 3 3h2v-8H5v-1a7 7 0 0 1 14 0v1h-3v8h2a3 3 0 0 0 3-3v-6a9 9 0 0 0-9-9z',
};

const states = {
  scheduled: 'Scheduled', queued: 'In line', running: 'Working', retrying: 'Trying again', succeeded: 'Ready', failed: 'Failed', cancelled: 'Cancelled',
};

const stages = {
  fetch: 'Fetching the page', extract: 'Reading it', script: 'Writing the script', narrate: 'Recording the voices',
  draw: 'Drawing the slides', encode: 'Putting it together', publish: 'Storing the files',
};

const lengths = { short: '1 min', medium: '3 min', long: '6 min' };

// What is offered for download, by the end of the file's name, in this order.
const names = {
  '.mp4': 'Video', '.m4a': 'Audio', '.mp3': 'MP3', 'captions.vtt': 'Captions', 'transcript.md': 'Transcript', 'script.json': 'Script', 'poster.jpg': 'Poster',
};

export const active = (job) => ['scheduled', 'queued', 'running', 'retrying'].includes(job.state);

function host(job) {
  if (job.source.url) {
    try { return new URL(job.source.url).hostname.replace(/^www\./, ''); } catch { return job.source.url; }
  }
  return job.source.upload ? 'Uploaded file' : 'Pasted text';
}

function heading(job) {
  if (job.title) return job.title;
  if (job.source.url) return job.source.url.replace(/^https?:\/\/(www\.)?/, '');
  if (job.source.text) return job.source.text.trim().split('\n')[0].replace(/^#+\s*/, '');
  return 'Uploaded file';
}

function when(iso) {
  const seconds = (Date.now() - new Date(iso)) / 1000;
  const format = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
  if (seconds < 60) return 'just now';
  if (seconds < 3600) return format.format(-Math.round(seconds / 60), 'minute');
  if (seconds < 86400) return format.format(-Math.round(seconds / 3600), 'hour');
  return format.format(-Math.round(seconds / 86400), 'day');
}

function element(tag, props = {}, text = '') {
  const el = Object.assign(document.createElement(tag), props);
  if (text) el.textContent = text;
  return el;
}

function icon(kind) {
  const ns = 'http://www.w3.org/2000/svg';
  const svg = document.createElementNS(ns, 'svg');
  svg.setAttribute('viewBox', '0 0 24 24');
  svg.setAttribute('aria-hidden', 'true');
  svg.append(document.createElementNS(ns, 'path'));
  svg.firstChild.setAttribute('d', icons[kind]);
  return svg;
}

/** A card follows one job; onGone is called when the user deleted it. */
export class Card {
  constructor(job, onGone) {
    this.onGone = onGone;
    this.root = document.getElementById('card').content.firstElementChild.cloneNode(true);
    this.root.querySelector('.badge').append(icon(job.kind));
    this.version = 0;
    this.update(job);
  }

  part(name) { return this.root.querySelector(`.${name}`); }

  update(job) {
    if (job.version <= this.version) return;
    const changed = job.state !== this.job?.state;
    this.version = job.version;
    this.job = job;
    const h3 = this.root.querySelector('h3');
    h3.textContent = heading(job);
    h3.title = heading(job);
    this.age();
    this.part('state').textContent = states[job.state] ?? job.state;
    this.part('state').className = `state ${job.state}`;
    this.progress(job);
    this.fault(job);
    if (changed) this.actions(job);
  }

  /** Says again how long ago the lesson was asked for. */
  age() {
    const { kind, options, created_at: created } = this.job;
    this.part('from').textContent = [
      kind === 'video' ? 'Video' : 'Audio', lengths[options.length || 'medium'], host(this.job), when(created),
    ].join(' · ');
  }

  progress(job) {
    const bar = this.part('bar');
    bar.hidden = job.state !== 'running';
    if (bar.hidden) return;
    const percent = Math.round(job.progress);
    const meter = bar.querySelector('progress');
    const stage = stages[job.stage] ?? 'Starting';
    if (percent > 0) meter.value = percent;
    else meter.removeAttribute('value'); // drawn as "soon"
    meter.setAttribute('aria-label', `${heading(job)}: ${stage}`);
    this.part('stage').replaceChildren(element('span', {}, stage), element('span', {}, `${percent} %`));
  }

  fault(job) {
    const p = this.part('fault');
    const shown = job.fault && (job.state === 'failed' || job.state === 'retrying');
    p.hidden = !shown;
    p.classList.toggle('soft', job.state === 'retrying');
    if (shown) p.textContent = job.fault.text;
  }

  actions(job) {
    const items = [];
    const focused = this.root.contains(document.activeElement);
    if (job.state === 'succeeded') {
      const play = element('button', { type: 'button', className: 'play' }, job.kind === 'video' ? 'Watch' : 'Listen');
      play.addEventListener('click', () => this.open(play));
      items.push(play, element('span', { className: 'hint' }, 'Download'), ...this.downloads(job));
    }
    if (job.state === 'failed' || job.state === 'cancelled') items.push(this.button('Try again', () => api.retry(job.id)));
    this.part('side').replaceChildren(this.part('state'));
    if (active(job)) this.part('side').append(this.button('Cancel', () => api.cancel(job.id), 'danger'));
    else items.push(this.button('Delete', () => this.remove(job), 'danger push'));
    this.part('actions').replaceChildren(...items);
    if (job.state !== 'succeeded') {
      this.part('result').replaceChildren();
      this.part('result').hidden = true;
    }
    // The button that was pressed is gone; the keyboard goes on beside it.
    if (focused && !this.root.contains(document.activeElement)) this.root.querySelector('.head button, .actions button')?.focus();
  }

  async remove(job) {
    await api.remove(job.id);
    this.onGone(job.id);
  }

  downloads(job) {
    const links = [];
    for (const [ending, name] of Object.entries(names)) {
      const made = job.artifacts.find((a) => a.name.endsWith(ending));
      if (!made) continue;
      const link = element('a', { href: api.download(made), title: `${made.name}, ${size(made.size)}` }, name);
      link.setAttribute('aria-label', `Download ${name}`);
      if (session.token()) link.addEventListener('click', (e) => this.save(e, made.name));
      links.push(link);
    }
    return links;
  }

  /** A link sends no token: a fresh address does without. */
  async save(event, name) {
    event.preventDefault();
    try {
      const made = (await api.files(this.job)).find((a) => a.name === name);
      location.assign(api.download(made));
    } catch (err) {
      this.say(err.message);
    }
  }

  say(text) {
    const p = this.part('fault');
    p.hidden = false;
    p.textContent = text;
  }

  async open(play) {
    const box = this.part('result');
    if (!box.hidden) {
      box.replaceChildren();
      box.hidden = true;
      play.textContent = this.job.kind === 'video' ? 'Watch' : 'Listen';
      return;
    }
    const files = () => api.files(this.job);
    try {
      box.replaceChildren(...player({ ...this.job, artifacts: await files() }, files));
    } catch (err) {
      this.say(err.message);
      return;
    }
    box.hidden = false;
    play.textContent = 'Close';
    box.querySelector('video, audio').focus();
  }

  button(text, act, className = '') {
    const b = element('button', { type: 'button', className }, text);
    b.addEventListener('click', async () => {
      b.disabled = true;
      try {
        const job = await act();
        if (job) this.update(job);
      } catch (err) {
        this.say(err.message);
      } finally {
        b.disabled = false;
      }
    });
    return b;
  }
}
