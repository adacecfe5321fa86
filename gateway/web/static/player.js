// Plays a finished lesson: captions, chapters and a transcript that follows.

function find(job, name) { return job.artifacts.find((a) => a.name === name); }

function byType(job, type) { return job.artifacts.find((a) => a.media_type.split(';')[0] === type); }

function el(tag, props = {}, ...children) {
  const e = Object.assign(document.createElement(tag), props);
  e.append(...children);
  return e;
}

function clock(seconds) {
  const s = Math.floor(seconds);
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, '0')}`;
}

function track(artifact, kind, label) {
  return el('track', { kind, src: artifact.url, label, srclang: 'en', default: kind === 'captions' });
}

// Links to files end after a while; whoever plays on gets new ones. A file that
// fails again soon after is broken.
function renew(media, name, files) {
  let last = 0;
  media.addEventListener('error', async () => {
    if (Date.now() - last < 60_000) return;
    last = Date.now();
    const at = media.currentTime;
    const fresh = (await files().catch(() => [])).find((a) => a.name === name);
    if (!fresh || fresh.url === media.getAttribute('src')) return;
    media.src = fresh.url;
    media.currentTime = at;
    media.play().catch(() => {});
  });
}

/** Returns the elements that play the job; files gets its files again. */
export function player(job, files) {
  const video = job.kind === 'video';
  const main = video ? byType(job, 'video/mp4') : byType(job, 'audio/mp4') ?? byType(job, 'audio/mpeg');
  if (!main) return [el('p', {}, 'The file of this lesson is missing.')];
  const media = el(video ? 'video' : 'audio', { controls: true, preload: 'metadata', src: main.url });
  media.setAttribute('aria-label', job.title);
  renew(media, main.name, files);
  const poster = find(job, 'poster.jpg');
  if (video && poster) media.poster = poster.url;
  if (video) media.playsInline = true;
  const parts = [media];
  const chapters = find(job, 'chapters.vtt');
  if (chapters) parts.push(chapterList(media, chapters));
  if (job.notes?.length) parts.push(el('ul', { className: 'notes' }, ...job.notes.map((n) => el('li', {}, n))));
  const captions = find(job, 'captions.vtt');
  if (captions) parts.push(transcript(media, captions, !video));
  return parts;
}

// cues calls done with the cues of a track once they are loaded. A track that
// is "disabled" never loads; "hidden" loads without being drawn.
function cues(element, mode, done) {
  element.addEventListener('load', () => done([...element.track.cues]));
  element.track.mode = mode;
}

// A hair past the start: at the very edge Chromium keeps the cue before active.
function seek(media, seconds) {
  media.currentTime = seconds + 0.001;
  media.play().catch(() => {}); // refused until the user pressed play once
}

function chapterList(media, artifact) {
  const list = el('ol', { className: 'chapters' });
  const t = track(artifact, 'chapters', 'Chapters');
  media.append(t);
  cues(t, 'hidden', (all) => {
    for (const cue of all) {
      const b = el('button', { type: 'button' }, el('time', {}, clock(cue.startTime)), el('span', {}, cue.text));
      b.addEventListener('click', () => seek(media, cue.startTime));
      cue.addEventListener('enter', () => b.setAttribute('aria-current', 'true'));
      cue.addEventListener('exit', () => b.removeAttribute('aria-current'));
      list.append(el('li', {}, b));
    }
  });
  return list;
}

// A pause as long as this, in seconds, starts a new paragraph.
const pause = 0.5;

function transcript(media, artifact, open) {
  const box = el('div', { className: 'transcript' });
  const t = track(artifact, 'captions', 'Captions');
  media.append(t);
  cues(t, open ? 'hidden' : 'showing', (all) => {
    let speaker = null;
    let p = null;
    let end = 0;
    for (const cue of all) {
      const [, who = '', text] = /^(?:<v ([^>]*)>)?([\s\S]*)$/.exec(cue.text);
      if (!p || who !== speaker || (!who && cue.startTime - end >= pause)) {
        p = el('p', {}, ...(who ? [el('b', {}, who)] : []));
        box.append(p);
        speaker = who;
      }
      end = cue.endTime;
      p.append(line(media, box, cue, text), ' ');
    }
  });
  return el('details', { open }, el('summary', {}, 'Transcript'), box);
}

function line(media, box, cue, text) {
  const plain = new DOMParser().parseFromString(text.replace(/<\/?v[^>]*>/g, ''), 'text/html').body.textContent;
  // A link, because a button can't be broken into lines like text.
  const a = el('a', { href: `#t=${cue.startTime}`, title: `Play from ${clock(cue.startTime)}` }, plain.replace(/\s+/g, ' ').trim());
  a.addEventListener('click', (e) => {
    e.preventDefault();
    seek(media, cue.startTime);
  });
  cue.addEventListener('enter', () => {
    a.classList.add('now');
    box.scrollTo({ top: a.offsetTop - box.offsetTop - box.clientHeight / 2, behavior: 'smooth' });
  });
  cue.addEventListener('exit', () => a.classList.remove('now'));
  return a;
}
