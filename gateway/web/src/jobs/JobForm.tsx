/** Asks for a lesson: a link, a file or a text, and the choices. */
import { Tabs } from '@base-ui/react/tabs';
import { freshKey, type JobRequest } from '@studycast/client';
import { FileText, Headphones, Link2, TvMinimalPlay, Type } from 'lucide-react';
import { type DragEvent, type FormEvent, useEffect, useRef, useState } from 'react';

import { studycast, words } from '../api/client';
import { Button } from '../ui/Button';
import fields from '../ui/Field.module.css';
import { Segments } from '../ui/Segments';
import tabs from '../ui/Tabs.module.css';
import { Casting } from './Casting';
import type { Draft, From } from './drafts';
import { FileDrop } from './FileDrop';
import css from './JobForm.module.css';
import { MoreChoices } from './MoreChoices';
import { jobStore } from './store';
import { casting, type Format, formats, looks, useVoices } from './voices';

const kinds = [
  {
    value: 'video',
    label: (
      <>
        <TvMinimalPlay aria-hidden /> Video
      </>
    ),
  },
  {
    value: 'audio',
    label: (
      <>
        <Headphones aria-hidden /> Audio
      </>
    ),
  },
] as const;

const lengths = [
  { value: 'short', label: '1 min' },
  { value: 'medium', label: '3 min' },
  { value: 'long', label: '6 min' },
] as const;

const themes = [
  { value: 'dark', label: 'Dark' },
  { value: 'paper', label: 'Paper' },
] as const;

/** On a phone the form fills the screen: the lesson that was asked for must be seen. */
const showLesson = () =>
  requestAnimationFrame(() =>
    document.querySelector('article[data-state]')?.scrollIntoView({ block: 'nearest', behavior: 'smooth' }),
  );

/** Starts with what the draft says, if there is one; another draft needs another key. */
export function JobForm({ draft = {}, onMade }: { draft?: Draft; onMade: () => void }) {
  const [from, setFrom] = useState<From>(draft.from ?? 'url');
  const [url, setUrl] = useState(draft.url ?? '');
  const [text, setText] = useState(draft.text ?? '');
  const [file, setFile] = useState<File>();
  const [kind, setKind] = useState<'video' | 'audio'>(draft.kind ?? 'video');
  const [length, setLength] = useState(draft.length ?? 'medium');
  const [theme, setTheme] = useState(draft.theme ?? 'dark');
  const [format, setFormat] = useState<Format>(draft.format ?? formats[draft.kind ?? 'video'][0]);
  const [cast, setCast] = useState(draft.voices);
  const known = useVoices();
  const [error, setError] = useState('');
  const [busy, setBusy] = useState(false);
  const [over, setOver] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  // A second try of the same click makes no second job.
  const attempt = useRef<{ said: string; key: string; upload?: string }>(undefined);

  async function source(): Promise<JobRequest['source']> {
    if (from === 'url') {
      const value = url.trim();
      return { url: /^[a-z][a-z0-9+.-]*:/i.test(value) ? value : `https://${value}` };
    }
    if (from === 'text') return { text };
    const known = attempt.current?.upload;
    if (known) return { upload: known };
    const id = await studycast.upload(file as File, { name: (file as File).name, type: (file as File).type });
    if (attempt.current) attempt.current.upload = id;
    return { upload: id };
  }

  function missing(): string {
    if (from === 'url' && !url.trim()) return 'Paste the address of a page first.';
    if (from === 'text' && !text.trim()) return 'Write or paste a text first.';
    if (from === 'file' && !file) return 'Choose a file first.';
    return '';
  }

  const focusSource = () =>
    form.current?.querySelector<HTMLElement>('[role=tabpanel] :is(input, textarea)')?.focus({ preventScroll: true });

  // Whoever asked for a draft goes on in the form.
  useEffect(() => {
    if (!draft.from) return;
    form.current?.scrollIntoView({ block: 'center' });
    focusSource();
  }, [draft]);

  async function submit(event: FormEvent) {
    event.preventDefault();
    const lack = missing();
    setError(lack);
    if (lack) focusSource();
    if (lack || busy) return;
    const options = { length, ...(kind === 'video' && { theme }), ...casting(known, kind, format, cast) };
    const said = JSON.stringify([from, url, text, file?.name, file?.size, file?.lastModified, kind, options]);
    if (attempt.current?.said !== said) attempt.current = { said, key: freshKey() };
    setBusy(true);
    try {
      const job = await studycast.submit(
        { kind, source: await source(), options },
        { idempotencyKey: attempt.current.key },
      );
      jobStore.put(job);
      onMade();
      showLesson();
      attempt.current = undefined;
      setUrl('');
      setText('');
      setFile(undefined);
    } catch (e) {
      setError(words(e));
    } finally {
      setBusy(false);
    }
  }

  function turn(next: From) {
    setFrom(next);
    setError('');
  }

  function choose(next: 'video' | 'audio') {
    setKind(next);
    setFormat(formats[next][0]);
    setCast(undefined);
  }

  function take(dropped: File | undefined) {
    if (!dropped) return;
    setFile(dropped);
    setFrom('file');
    setError('');
  }

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    take(event.dataTransfer.files[0]);
  }

  return (
    <form
      ref={form}
      className={css.form}
      data-over={over}
      onSubmit={submit}
      onDragOver={(e) => {
        e.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
      noValidate
      aria-label="New lesson"
    >
      <Tabs.Root value={from} onValueChange={(value) => turn(value as From)}>
        <Tabs.List className={tabs.list} aria-label="What the lesson is made of">
          <Tabs.Tab value="url" className={tabs.tab}>
            <Link2 aria-hidden /> Link
          </Tabs.Tab>
          <Tabs.Tab value="file" className={tabs.tab}>
            <FileText aria-hidden /> File
          </Tabs.Tab>
          <Tabs.Tab value="text" className={tabs.tab}>
            <Type aria-hidden /> Text
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="url" tabIndex={-1}>
          <label>
            <span className="hidden">Address of the page</span>
            <input
              className={fields.input}
              type="url"
              inputMode="url"
              autoComplete="off"
              spellCheck={false}
              maxLength={2048}
              placeholder="https://en.wikipedia.org/wiki/Photosynthesis"
              value={url}
              onChange={(e) => setUrl(e.target.value)}
              aria-invalid={error !== ''}
              aria-describedby="job-error"
            />
          </label>
        </Tabs.Panel>
        <Tabs.Panel value="file" tabIndex={-1}>
          <FileDrop file={file} onFile={take} />
        </Tabs.Panel>
        <Tabs.Panel value="text" tabIndex={-1}>
          <label className={fields.field}>
            <span className="hidden">Text of the lesson</span>
            <textarea
              rows={6}
              placeholder="Paste what you want to learn, a few paragraphs or more. Markdown is welcome."
              value={text}
              onChange={(e) => setText(e.target.value)}
              aria-invalid={error !== ''}
              aria-describedby="job-error"
            />
          </label>
        </Tabs.Panel>
      </Tabs.Root>
      <p className={fields.error} id="job-error" role="alert">
        {error}
      </p>
      <div className={css.choices}>
        <Segments label="Make" value={kind} options={kinds} onChange={choose} />
        <Segments label="Length" value={length} options={lengths} onChange={setLength} />
        <Button weight="primary" type="submit" busy={busy} className={css.submit}>
          {busy ? 'Sending' : 'Make the lesson'}
        </Button>
      </div>
      <MoreChoices now={[...(kind === 'video' ? [`${theme} slides`] : []), ...looks(known, format, cast)].join(', ')}>
        {kind === 'video' && <Segments label="Slides" value={theme} options={themes} onChange={setTheme} />}
        <Casting
          kind={kind}
          format={format}
          voices={cast}
          onChange={(nextFormat, nextCast) => {
            setFormat(nextFormat);
            setCast(nextCast);
          }}
        />
      </MoreChoices>
    </form>
  );
}
