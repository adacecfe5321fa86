/** Who is heard in a lesson, and in which form: the choices and their words. */
import type { Job, JobRequest, Voice } from '@studycast/client';
import { useQuery } from '@tanstack/react-query';

import { studycast } from '../api/client';

type Options = NonNullable<JobRequest['options']>;
export type Kind = Job['kind'];
export type Format = NonNullable<Options['format']>;
export type Host = Voice['suits'][number];

/** The formats of a kind, its default first. */
export const formats = {
  video: ['landscape', 'portrait'],
  audio: ['dialogue', 'monologue'],
} as const satisfies Record<Kind, readonly Format[]>;

export const formatWords: Record<Format, string> = {
  landscape: 'Landscape',
  portrait: 'Portrait',
  dialogue: 'Dialogue',
  monologue: 'Monologue',
};

export const hostWords: Record<Host, string> = { narrator: 'Voice', first: 'First host', second: 'Second host' };

/** The voices of the server; none while that is not known. */
export function useVoices(): Voice[] {
  const voices = useQuery({
    queryKey: ['voices'],
    queryFn: ({ signal }) => studycast.voices({ signal }),
    staleTime: 300_000,
  });
  return voices.data ?? [];
}

/** Who are heard in a lesson of this format. */
export const hostsOf = (format: Format): readonly Host[] =>
  format === 'dialogue' ? ['first', 'second'] : ['narrator'];

const defaultOf = (voices: readonly Voice[], host: Host) =>
  voices.find((v) => v.default_for.includes(host))?.name ?? '';

/** The voices that are heard: those chosen, or the default ones where they are none for these hosts. */
export function cast(voices: readonly Voice[], format: Format, chosen: readonly string[] = []): string[] {
  const hosts = hostsOf(format);
  return hosts.length === chosen.length ? [...chosen] : hosts.map((host) => defaultOf(voices, host));
}

/** The cast with another voice for one host; a voice that another host has is swapped. */
export function recast(now: readonly string[], host: number, voice: string): string[] {
  const other = now.indexOf(voice);
  return now.map((name, i) => {
    if (i === host) return voice;
    return i === other ? (now[host] ?? name) : name;
  });
}

/** What of format and voices is sent: nothing that is the default anyway. */
export function casting(voices: readonly Voice[], kind: Kind, format: Format, chosen?: readonly string[]): Options {
  const usual = cast(voices, format);
  const wanted = cast(voices, format, chosen);
  return {
    ...(format !== formats[kind][0] && { format }),
    ...(wanted.join() !== usual.join() && { voices: wanted }),
  };
}

/** A voice as it is called on the page: luna-2 is Luna 2. */
export const voiceName = (name: string) => name.charAt(0).toUpperCase() + name.slice(1).replaceAll('-', ' ');

/** A voice with how it sounds. */
export const voiceLabel = (v: Voice) => (v.character ? `${voiceName(v.name)} – ${v.character}` : voiceName(v.name));

/** What the form makes, in words: format and who are heard. */
export function looks(voices: readonly Voice[], format: Format, chosen?: readonly string[]): string[] {
  const heard = cast(voices, format, chosen).filter(Boolean).map(voiceName);
  return [formatWords[format].toLowerCase(), ...(heard.length > 0 ? [heard.join(' and ')] : [])];
}

/** What was chosen, in words: form and voices. */
export function chosen({ kind, options }: Pick<Job, 'kind' | 'options'>): string[] {
  const format = options.format ?? formats[kind][0];
  const what = kind === 'video' ? 'Video' : 'Audio';
  const words = [`${what}, ${formatWords[format].toLowerCase()}`];
  if (options.voices?.length) words.push(`with ${options.voices.map(voiceName).join(' and ')}`);
  return words;
}
