/** One dead letter, whole: why it died, what its attempts did, what is in it, and what can be done. */
import { useQuery } from '@tanstack/react-query';
import { ArrowLeft } from 'lucide-react';
import type { ReactNode } from 'react';
import { Link, useParams } from 'react-router';

import { api, unwrap } from '../api/client';
import { useMe } from '../app/me';
import { moment, size } from '../jobs/words';
import { Badge } from '../ui/Badge';
import { Failed, Loading } from '../ui/Notice';
import page from '../ui/Page.module.css';
import { type Column, Table } from '../ui/Table';
import { Restore } from './Discard';
import { EditDialog } from './EditDialog';
import { Decide } from './Groups';
import { letterTones } from './letter';
import { Resend } from './Resend';
import type { Letter } from './types';

type Attempt = NonNullable<Letter['attempts']>[number];

export function LetterPage() {
  const { id = '' } = useParams();
  const letter = useQuery({
    queryKey: ['dead-letter', id],
    queryFn: ({ signal }) => unwrap(api.GET('/v1/dead-letters/{id}', { params: { path: { id } }, signal })),
  });
  if (letter.error)
    return <Failed title="The letter can’t be read" error={letter.error} again={() => void letter.refetch()} />;
  if (!letter.data) return <Loading label="Reading the letter" />;
  return <Whole letter={letter.data} />;
}

function Whole({ letter }: { letter: Letter }) {
  return (
    <article className={page.section}>
      <title>Dead letter · Studycast</title>
      <Link to="/operate/dead-letters" className={page.row}>
        <ArrowLeft aria-hidden size={16} /> Dead letters
      </Link>
      <div className={page.head}>
        <h1>{letter.undecodable ?? letter.fault.text}</h1>
        <Badge tone={letterTones[letter.state]}>{letter.state}</Badge>
      </div>
      <Actions letter={letter} />
      <Facts letter={letter} />
      <Attempts attempts={letter.attempts ?? []} />
      <Request letter={letter} />
      <Content letter={letter} />
    </article>
  );
}

function Actions({ letter }: { letter: Letter }) {
  const mayEdit = useMe()?.permissions.includes('edit') ?? false;
  return (
    <div className={page.row}>
      {letter.state === 'open' && <Decide what={{ ids: [letter.id] }} letters={1} />}
      {letter.state === 'open' && letter.request && mayEdit && <EditDialog letter={letter} request={letter.request} />}
      {letter.state === 'open' && <Resend letter={letter} />}
      {letter.state === 'discarded' && <Restore id={letter.id} />}
      {letter.stages && letter.stages.again.length > 0 && (
        <p className={page.soft}>
          A replay runs {letter.stages.again.join(', ')} again
          {letter.stages.reused.length > 0 && ` and reuses ${letter.stages.reused.join(', ')}`}.
        </p>
      )}
    </div>
  );
}

function Facts({ letter }: { letter: Letter }) {
  const rows: [string, ReactNode][] = [
    ['Job', letter.job_id && <Link to={`/lessons/${letter.job_id}`}>{letter.job_id}</Link>],
    ['Job is', letter.job_state],
    ['Owner', letter.owner],
    ['Queue', letter.queue],
    ['Came by', letter.origin && `exchange ${letter.origin.exchange || '(default)'}, key ${letter.origin.routing_key}`],
    ['Fault', [letter.fault.kind, letter.fault.stage].filter(Boolean).join(' in ')],
    ['Cause', letter.fault.cause],
    [
      'Fingerprint',
      letter.fingerprint && (
        <Link to={`/operate/dead-letters?fingerprint=${letter.fingerprint}&state=any`}>{letter.fingerprint}</Link>
      ),
    ],
    ['Died', letter.died_at && moment(letter.died_at)],
    [
      'Copies',
      letter.copies > 1 ? `${letter.copies}, the last ${moment(letter.last_at ?? letter.stored_at)}` : undefined,
    ],
    [
      'Replayed',
      letter.replayed_at && `${moment(letter.replayed_at)} by ${letter.replayed_by}: ${letter.replay_reason}`,
    ],
    [
      'Outcome',
      letter.outcome &&
        `${letter.outcome.replace('_', ' ')}${letter.outcome_at ? `, ${moment(letter.outcome_at)}` : ''}`,
    ],
    ['In replay', letter.replay_id && <Link to={`/operate/replays/${letter.replay_id}`}>{letter.replay_id}</Link>],
    [
      'Discarded',
      letter.discarded_at && `${moment(letter.discarded_at)} by ${letter.discarded_by}: ${letter.discard_reason}`,
    ],
    ['Sent to', letter.resent_to],
  ];
  return (
    <section className={page.panel} aria-label="Facts">
      <dl className={page.facts}>
        {rows
          .filter(([, value]) => value)
          .map(([name, value]) => (
            <Fact key={name} name={name} value={value} />
          ))}
      </dl>
    </section>
  );
}

function Fact({ name, value }: { name: string; value: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </>
  );
}

const columns: Column<Attempt>[] = [
  { name: 'Try', number: true, cell: (a) => a.attempt },
  { name: 'Worker', cell: (a) => a.worker },
  { name: 'Began', cell: (a) => a.started_at && moment(a.started_at) },
  { name: 'Ended', cell: (a) => a.ended_at && moment(a.ended_at) },
  { name: 'Why', wide: true, cell: (a) => a.error },
];

function Attempts({ attempts }: { attempts: Attempt[] }) {
  if (attempts.length === 0) return null;
  return (
    <section className={page.section} aria-labelledby="attempts">
      <h2 id="attempts">Attempts</h2>
      <Table caption="Attempts" rows={attempts} columns={columns} id={(a) => String(a.attempt)} />
    </section>
  );
}

function Request({ letter }: { letter: Letter }) {
  if (!letter.request) return null;
  return (
    <section className={page.grid} aria-label="Request">
      <div className={page.panel}>
        <h2>Asked for</h2>
        <pre className={page.code}>{JSON.stringify(letter.request, null, 2)}</pre>
      </div>
      {letter.edited && (
        <div className={page.panel}>
          <h2>Changed to</h2>
          <pre className={page.code}>{JSON.stringify(letter.edited, null, 2)}</pre>
        </div>
      )}
    </section>
  );
}

function Content({ letter }: { letter: Letter }) {
  const headers = Object.entries(letter.headers ?? {}).sort(([a], [b]) => a.localeCompare(b));
  return (
    <section className={page.panel} aria-labelledby="message">
      <h2 id="message">Message as it came</h2>
      <p className={page.soft}>
        {size(letter.body?.size ?? 0)}, schema {letter.schema}
      </p>
      <details>
        <summary>Headers ({headers.length})</summary>
        <dl className={page.facts}>
          {headers.map(([name, value]) => (
            <Fact key={name} name={name} value={<code>{value}</code>} />
          ))}
        </dl>
      </details>
      {letter.body?.text && (
        <details>
          <summary>Body as text</summary>
          <pre className={page.code}>{letter.body.text}</pre>
        </details>
      )}
      {letter.body?.hex && (
        <details>
          <summary>Body as hex</summary>
          <pre className={page.code}>{letter.body.hex}</pre>
        </details>
      )}
    </section>
  );
}
