// The form that asks for a lesson.
import * as api from './api.js';

const $ = (id) => document.getElementById(id);
const tabs = ['url', 'file', 'text'];

let current = 'url';
let chosen = null; // the file
let key = api.newKey();

function show(name, focus) {
  current = name;
  for (const t of tabs) {
    const on = t === name;
    $(`tab-${t}`).setAttribute('aria-selected', on);
    $(`tab-${t}`).tabIndex = on ? 0 : -1;
    $(`pane-${t}`).hidden = !on;
  }
  if (focus) $(`tab-${name}`).focus();
}

function choose(file) {
  if (!file) return;
  chosen = file;
  $('file-name').textContent = `${file.name} (${size(file.size)})`;
  show('file');
  fail('');
}

export function size(bytes) {
  if (bytes < 1000) return `${bytes} B`;
  const units = ['kB', 'MB', 'GB'];
  let i = -1;
  do { bytes /= 1000; i += 1; } while (bytes >= 1000 && i < units.length - 1);
  return `${bytes.toFixed(bytes < 10 ? 1 : 0)} ${units[i]}`;
}

function fail(text) {
  $('error').textContent = text;
  $('error').hidden = !text;
}

async function source() {
  if (current === 'file') {
    if (!chosen) throw new Error('Choose a file first.');
    return { upload: await api.upload(chosen) };
  }
  const value = $(current).value.trim();
  if (!value) throw new Error(current === 'url' ? 'Paste the link of a page first.' : 'Write or paste some text first.');
  return { [current]: value };
}

async function send(form, onJob) {
  const data = new FormData(form);
  const options = { length: data.get('length') };
  if (data.get('kind') === 'video') options.theme = data.get('theme');
  const job = await api.submit({ kind: data.get('kind'), source: await source(), options }, key);
  clear();
  onJob(job);
}

function clear() {
  key = api.newKey();
  chosen = null;
  $('url').value = '';
  $('text').value = '';
  $('file').value = '';
  $('file-name').textContent = 'Drop a file here, or choose one';
}

function wireTabs() {
  for (const t of tabs) $(`tab-${t}`).addEventListener('click', () => show(t));
  document.querySelector('.tabs').addEventListener('keydown', (e) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[e.key];
    if (!step) return;
    e.preventDefault();
    show(tabs[(tabs.indexOf(current) + step + tabs.length) % tabs.length], true);
  });
}

function wireDrop(form) {
  $('file').addEventListener('change', (e) => choose(e.target.files[0]));
  document.addEventListener('dragover', (e) => { e.preventDefault(); form.classList.add('over'); });
  document.addEventListener('dragleave', (e) => { if (!e.relatedTarget) form.classList.remove('over'); });
  document.addEventListener('drop', (e) => {
    e.preventDefault();
    form.classList.remove('over');
    choose(e.dataTransfer.files[0]);
  });
}

/** Makes the form work; onJob is called with each job that was accepted. */
export function start(onJob) {
  const form = $('form');
  wireTabs();
  wireDrop(form);
  form.addEventListener('input', () => { key = api.newKey(); });
  form.addEventListener('change', () => {
    $('themes').hidden = new FormData(form).get('kind') !== 'video';
  });
  form.addEventListener('submit', async (e) => {
    e.preventDefault();
    fail('');
    $('submit').disabled = true;
    try {
      await send(form, onJob);
    } catch (err) {
      fail(err.message);
    } finally {
      $('submit').disabled = false;
    }
  });
}
