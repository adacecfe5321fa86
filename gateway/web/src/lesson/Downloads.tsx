/** The files of a lesson, to keep, and a link to share where that is allowed. */
import type { Job } from '@studycast/client';
import { Download, Link2 } from 'lucide-react';

import { studycast } from '../api/client';
import { moment, size } from '../jobs/words';
import { Button } from '../ui/Button';
import { complain, tell } from '../ui/Toasts';
import css from './Downloads.module.css';
import { download, useFiles } from './files';

// What is offered, by the end of the file's name, in this order.
const names: [string, string][] = [
  ['.mp4', 'Video'],
  ['.m4a', 'Audio'],
  ['.mp3', 'MP3'],
  ['captions.vtt', 'Captions'],
  ['transcript.md', 'Transcript'],
  ['script.json', 'Script'],
  ['poster.jpg', 'Poster'],
];

export function Downloads({ job }: { job: Job }) {
  const files = useFiles(job).data ?? [];
  const offered = names.flatMap(([end, name]) => {
    const file = files.find((f) => f.name.endsWith(end));
    return file ? [{ file, name }] : [];
  });
  return (
    <section className={css.downloads} aria-label="Files">
      <ul>
        {offered.map(({ file, name }) => (
          <li key={file.name}>
            <a className={css.file} href={download(file)}>
              <Download aria-hidden />
              {name} <small>{size(file.size)}</small>
            </a>
          </li>
        ))}
      </ul>
      <Button icon={<Link2 aria-hidden />} onClick={() => void share(job)}>
        Copy a link to share
      </Button>
    </section>
  );
}

/** Copies an address that works for anybody until it ends. */
async function share(job: Job) {
  try {
    const main = job.kind === 'video' ? '.mp4' : '.m4a';
    const link = (await studycast.links(job.id)).find((l) => l.name.endsWith(main));
    if (!link) throw new Error('The file is missing. Try the lesson again.');
    await navigator.clipboard.writeText(new URL(link.url, location.href).href);
    tell('Link copied', `Whoever has it can play the lesson until ${moment(link.expires_at)}.`);
  } catch (error) {
    complain('There is no link to share', error);
  }
}
