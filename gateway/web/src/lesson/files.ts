/** The files of a lesson under addresses that a player can open. */
import type { Job } from '@studycast/client';
import { useQuery } from '@tanstack/react-query';

import { studycast } from '../api/client';
import { token } from '../api/session';

export type File = Job['artifacts'][number];

/** A player can't send a token: whoever is signed in asks for links, which end after a while. */
async function load(job: Job, signal: AbortSignal): Promise<File[]> {
  if (!token()) return job.artifacts;
  const links = new Map((await studycast.links(job.id, { signal })).map((link) => [link.name, link.url]));
  return job.artifacts.map((file) => ({ ...file, url: links.get(file.name) ?? file.url }));
}

// New links are asked for before the old ones end; a player that plays keeps its address.
const renewEvery = 30 * 60_000;

export const useFiles = (job: Job) =>
  useQuery({
    queryKey: ['files', job.id, job.version, token()],
    queryFn: ({ signal }) => load(job, signal),
    staleTime: renewEvery,
  });

/** The address under which a file is saved. */
export const download = (file: File) => `${file.url}${file.url.includes('?') ? '&' : '?'}download=1`;

export const named = (files: File[], name: string) => files.find((file) => file.name === name);

export const ofType = (files: File[], type: string) => files.find((file) => file.media_type.split(';')[0] === type);
