// The page: a form, and the list of lessons kept up to date by events.
import * as api from './api.js';
import { Card } from './card.js';
import * as form from './form.js';

const list = document.getElementById('cards');
const empty = document.getElementById('empty');
const more = document.getElementById('more');
const live = document.getElementById('live');

const cards = new Map(); // by job id
const gone = new Set(); // deleted here; a late event must not bring one back
let next = '';

function upsert(job) {
  if (gone.has(job.id)) return;
  const known = cards.get(job.id);
  if (known) {
    known.update(job);
    return;
  }
  const card = new Card(job, remove);
  cards.set(job.id, card);
  // Newest first: ids sort by the time of creation.
  const after = [...cards.keys()].filter((id) => id < job.id).sort().pop();
  list.insertBefore(card.root, after ? cards.get(after).root : null);
  empty.hidden = true;
}

function remove(id) {
  gone.add(id);
  cards.get(id)?.root.remove();
  cards.delete(id);
  empty.hidden = cards.size > 0;
}

function connected(on) {
  live.textContent = on ? 'Live' : 'Reconnecting';
  live.classList.toggle('on', on);
}

function follow() {
  const events = new EventSource('/v1/events');
  events.addEventListener('open', () => connected(true));
  events.addEventListener('job', (e) => upsert(JSON.parse(e.data)));
  events.addEventListener('deleted', (e) => remove(JSON.parse(e.data).id));
  events.addEventListener('error', () => {
    connected(false);
    // A browser gives up for good when the server answers with an error.
    if (events.readyState === EventSource.CLOSED) setTimeout(follow, 2000);
  });
}

async function page() {
  const answer = await api.list(next);
  answer.jobs.forEach(upsert);
  next = answer.next_page_token ?? '';
  more.hidden = !next;
}

more.addEventListener('click', () => page().catch(() => connected(false)));
setInterval(() => cards.forEach((card) => card.age()), 60_000);
form.start(upsert);
page().catch(() => connected(false)).finally(follow);
