/** Plays a finished lesson: captions, chapters, speed, and a transcript that follows. */
import type { Job } from '@studycast/client';
import { useCallback, useEffect, useRef, useState } from 'react';

import { Failed, Loading, Notice } from '../ui/Notice';
import { Chapters } from './Chapters';
import { useCues } from './cues';
import { type File, named, ofType, useFiles } from './files';
import css from './Player.module.css';
import { Speed } from './Speed';
import { Transcript } from './Transcript';

export function Player({ job }: { job: Job }) {
  const files = useFiles(job);
  if (files.error)
    return <Failed title="The lesson can’t be opened" error={files.error} again={() => void files.refetch()} />;
  if (!files.data) return <Loading label="Opening the lesson" />;
  const main =
    job.kind === 'video'
      ? ofType(files.data, 'video/mp4')
      : (ofType(files.data, 'audio/mp4') ?? ofType(files.data, 'audio/mpeg'));
  if (!main) return <Notice title="The file of this lesson is missing">Try the lesson again.</Notice>;
  return <Media job={job} main={main} files={files.data} renew={async () => (await files.refetch()).data ?? []} />;
}

interface MediaProps {
  job: Job;
  main: File;
  files: File[];
  renew: () => Promise<File[]>;
}

// A file that fails again soon after it got a new address is broken, in milliseconds.
const brokenWithin = 60_000;

function Media({ job, main, files, renew }: MediaProps) {
  const media = useRef<HTMLVideoElement>(null);
  const [captionTrack, setCaptionTrack] = useState<HTMLTrackElement | null>(null);
  const [chapterTrack, setChapterTrack] = useState<HTMLTrackElement | null>(null);
  const [src, setSrc] = useState(main.url);
  const [time, setTime] = useState(0);
  const renewed = useRef(0);
  const video = job.kind === 'video';
  const captions = named(files, 'captions.vtt')?.url;
  const chapters = named(files, 'chapters.vtt')?.url;
  const poster = named(files, 'poster.jpg')?.url;
  const lines = useCues(captionTrack, video ? 'showing' : 'hidden');
  const parts = useCues(chapterTrack, 'hidden');

  const seek = useCallback((seconds: number) => {
    const player = media.current;
    if (!player) return;
    player.currentTime = seconds + 0.001; // at the very edge the cue before is active
    player.play().catch(() => {}); // refused until the user pressed play once
  }, []);

  // Links end after a while; whoever plays on gets new ones and goes on there.
  async function onError() {
    if (Date.now() - renewed.current < brokenWithin) return;
    renewed.current = Date.now();
    const at = media.current?.currentTime ?? 0;
    const fresh = (await renew()).find((file) => file.name === main.name);
    if (fresh && fresh.url !== src) {
      setSrc(fresh.url);
      setTime(at);
    }
  }

  useEffect(() => {
    if (media.current && time > 0) seek(time);
  }, [src]);

  const Tag = video ? 'video' : 'audio';
  return (
    <section className={css.player} data-kind={job.kind} data-format={job.options.format} aria-label="Player">
      <div className={css.stage}>
        <Tag
          ref={media as never}
          className={css.media}
          src={src}
          poster={video ? poster : undefined}
          controls
          playsInline
          preload="metadata"
          aria-label={job.title ?? 'Lesson'}
          onTimeUpdate={(e) => setTime(e.currentTarget.currentTime)}
          onSeeked={(e) => setTime(e.currentTarget.currentTime)}
          onError={onError}
        >
          {captions && (
            <track
              ref={setCaptionTrack}
              kind="captions"
              src={captions}
              label="Captions"
              srcLang={job.options.language ?? 'en'}
              default
            />
          )}
          {chapters && (
            <track
              ref={setChapterTrack}
              kind="chapters"
              src={chapters}
              label="Chapters"
              srcLang={job.options.language ?? 'en'}
            />
          )}
        </Tag>
        <Speed media={media} />
      </div>
      {parts.length > 0 && <Chapters cues={parts} time={time} onSeek={seek} />}
      {lines.length > 0 && <Transcript cues={lines} time={time} onSeek={seek} open={!video} />}
    </section>
  );
}
