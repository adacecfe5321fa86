// The page: a form, and the list of lessons kept up to date by events.
import * as api from './api.js';
import { Card } from './card.js';
import { follow } from './events.js';
import * as form from './form.js';
import * as signin from './signin.js';

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

let stop = () => {};

// The user may be another one than before.
async function begin() {
  end();
  await page().catch((err) => {
    connected(false);
    if (err.status === 401) throw err;
  });
  stop();
  stop = follow({ live: connected, job: upsert, deleted: ({ id }) => remove(id) });
}

function end() {
  stop();
  stop = () => {};
  list.replaceChildren();
  cards.clear();
  next = '';
  more.hidden = true;
  empty.hidden = false;
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
signin.start(() => begin().catch(() => {}), end);
