/** Replays a letter with another source or other options; what changes is shown before and kept on record. */
import { useQueryClient } from '@tanstack/react-query';
import { PencilLine } from 'lucide-react';
import { useState } from 'react';

import { api, unwrap } from '../api/client';
import { Casting } from '../jobs/Casting';
import { formats } from '../jobs/voices';
import { Button } from '../ui/Button';
import field from '../ui/Field.module.css';
import { FormDialog, Reason } from '../ui/Form';
import { tell } from '../ui/Toasts';
import css from './EditDialog.module.css';
import type { Letter } from './types';

type Request = NonNullable<Letter['request']>;

const lengths = ['short', 'medium', 'long'] as const;
const themes = ['dark', 'paper'] as const;

export function EditDialog({ letter, request }: { letter: Letter; request: Request }) {
  const [url, setUrl] = useState(request.source.url ?? '');
  const [options, setOptions] = useState(request.options);
  const [reason, setReason] = useState('');
  const kind = request.kind === 'audio' ? 'audio' : 'video';
  const queries = useQueryClient();
  const source = request.source.url === undefined ? request.source : { url };
  const changes = diff(request, { source, options });

  return (
    <FormDialog
      trigger={
        <Button small icon={<PencilLine aria-hidden />}>
          Edit and replay
        </Button>
      }
      title="Edit and replay"
      action="Replay it changed"
      onOpen={() => {
        setUrl(request.source.url ?? '');
        setOptions(request.options);
        setReason('');
      }}
      onSubmit={async () => {
        if (changes.length === 0) throw new Error('Nothing is changed. Use Replay instead.');
        await unwrap(
          api.POST('/v1/dead-letters/{id}:replay', {
            params: { path: { id: letter.id } },
            body: { reason, source, options },
          }),
        );
        await queries.invalidateQueries();
        tell('Back at work', 'The original request is kept with the letter.');
      }}
    >
      {request.source.url !== undefined && (
        <label className={field.field}>
          <span>Address of the page</span>
          <input type="url" required maxLength={2048} value={url} onChange={(e) => setUrl(e.target.value)} />
        </label>
      )}
      <label className={field.field}>
        <span>Length</span>
        <select
          value={options.length ?? 'medium'}
          onChange={(e) => setOptions({ ...options, length: e.target.value as (typeof lengths)[number] })}
        >
          {lengths.map((length) => (
            <option key={length}>{length}</option>
          ))}
        </select>
      </label>
      {request.kind === 'video' && (
        <label className={field.field}>
          <span>Slides</span>
          <select
            value={options.theme ?? 'dark'}
            onChange={(e) => setOptions({ ...options, theme: e.target.value as (typeof themes)[number] })}
          >
            {themes.map((theme) => (
              <option key={theme}>{theme}</option>
            ))}
          </select>
        </label>
      )}
      <Casting
        kind={kind}
        format={options.format ?? formats[kind][0]}
        voices={options.voices}
        onChange={(format, voices = []) => setOptions({ ...options, format, voices })}
      />
      <ul className={css.diff} aria-label="What changes">
        {changes.length === 0 && <li>Nothing is changed yet.</li>}
        {changes.map((change) => (
          <li key={change.path}>
            {change.path}: <del>{change.from || '(default)'}</del> <ins>{change.to || '(default)'}</ins>
          </li>
        ))}
      </ul>
      <Reason value={reason} onChange={setReason} example="The page moved" />
    </FormDialog>
  );
}

interface Change {
  path: string;
  from: string;
  to: string;
}

/** The fields that differ, by their path. */
export function diff(
  before: Pick<Request, 'source' | 'options'>,
  after: Pick<Request, 'source' | 'options'>,
): Change[] {
  const flat = (o: Pick<Request, 'source' | 'options'>) =>
    new Map<string, string>([
      ...Object.entries(o.source).map(([k, v]): [string, string] => [`source.${k}`, String(v)]),
      ...Object.entries(o.options).map(([k, v]): [string, string] => [`options.${k}`, [v].flat().join(', ')]),
    ]);
  const [a, b] = [flat(before), flat(after)];
  return [...new Set([...a.keys(), ...b.keys()])]
    .filter((path) => (a.get(path) ?? '') !== (b.get(path) ?? ''))
    .map((path) => ({ path, from: a.get(path) ?? '', to: b.get(path) ?? '' }));
}
