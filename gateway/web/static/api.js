// The calls of the public API that the page makes.
import * as session from './session.js';

/** A problem (RFC 9457) that the API answered with, as an error to show. */
export class Problem extends Error {
  constructor(body, status) {
    const fields = (body.errors ?? []).map((e) => sentence(e.message)).filter(Boolean);
    super(fields.join(' ') || body.detail || body.title || `The server answered ${status}.`);
    this.status = status;
  }
}

function sentence(message) {
  if (!message) return '';
  const text = message[0].toUpperCase() + message.slice(1);
  return /[.!?]$/.test(text) ? text : `${text}.`;
}

async function call(path, init = {}) {
  let response;
  try {
    response = await fetch(path, { ...init, headers: session.headers(init.headers) });
  } catch {
    throw new Error('The server can’t be reached. Check that it is running and try again.');
  }
  if (response.status === 401) session.refused();
  if (!response.ok) throw new Problem(await response.json().catch(() => ({})), response.status);
  return response.status === 204 ? null : response.json();
}

export const list = (token) => call(`/v1/jobs?page_size=20${token ? `&page_token=${encodeURIComponent(token)}` : ''}`);
export const cancel = (id) => call(`/v1/jobs/${id}:cancel`, { method: 'POST' });
export const retry = (id) => call(`/v1/jobs/${id}:retry`, { method: 'POST' });
export const remove = (id) => call(`/v1/jobs/${id}`, { method: 'DELETE' });

/**
 * The files of a job with addresses that a player can open. It can't send a
 * token, so whoever is signed in asks for links, which work for an hour.
 */
export async function files(job) {
  if (!session.token()) return job.artifacts;
  const { links } = await call(`/v1/jobs/${job.id}/links`);
  const urls = new Map(links.map((l) => [l.name, l.url]));
  return job.artifacts.map((a) => ({ ...a, url: urls.get(a.name) ?? a.url }));
}

/** The address under which a file is saved. */
export const download = (file) => `${file.url}${file.url.includes('?') ? '&' : '?'}download=1`;

export async function upload(file) {
  const type = file.type || 'application/octet-stream';
  const stored = await call(`/v1/uploads?name=${encodeURIComponent(file.name)}`, {
    method: 'POST', headers: { 'Content-Type': type }, body: file,
  });
  return stored.id;
}

/** Submits with a key, so that a second try of the same click makes no second job. */
export const submit = (request, key) => call('/v1/jobs', {
  method: 'POST',
  headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
  body: JSON.stringify(request),
});

export function newKey() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
}
