/** The workers, what each runs, and their drain. */
import { useQuery } from '@tanstack/react-query';
import { LogOut, ServerOff } from 'lucide-react';
import { Link } from 'react-router';

import { api, unwrap } from '../api/client';
import { stageWords, type Tone, when } from '../jobs/words';
import { Badge } from '../ui/Badge';
import { Button } from '../ui/Button';
import { ReasonDialog } from '../ui/Form';
import { Failed, Loading, Notice } from '../ui/Notice';
import page from '../ui/Page.module.css';
import { type Column, Table } from '../ui/Table';
import { tell } from '../ui/Toasts';
import type { Worker } from './types';

const tones: Record<Worker['state'], Tone> = { working: 'good', paused: 'wait', draining: 'wait', silent: 'bad' };

const refreshEvery = 2000;

export function WorkersPage() {
  const workers = useQuery({
    queryKey: ['workers'],
    queryFn: ({ signal }) => unwrap(api.GET('/v1/workers', { signal })),
    refetchInterval: refreshEvery,
  });
  const columns: Column<Worker>[] = [
    { name: 'Worker', cell: (w) => w.name },
    { name: 'Kind', cell: (w) => w.kind },
    { name: 'State', cell: (w) => <Badge tone={tones[w.state]}>{w.state}</Badge> },
    { name: 'Slots', number: true, cell: (w) => `${w.running.length} / ${w.slots}` },
    { name: 'Runs', wide: true, cell: (w) => <Running worker={w} /> },
    { name: 'Up since', cell: (w) => when(w.opened_at) },
    {
      name: 'Drain',
      cell: (w) => w.state !== 'draining' && <Drain worker={w} onChange={() => void workers.refetch()} />,
    },
  ];
  return (
    <section className={page.section} aria-labelledby="workers">
      <title>Workers · Studycast</title>
      <div className={page.head}>
        <h1 id="workers">Workers</h1>
      </div>
      {workers.error && (
        <Failed title="The workers can’t be listed" error={workers.error} again={() => void workers.refetch()} />
      )}
      {!workers.data && !workers.error && <Loading label="Asking for the workers" />}
      {workers.data?.workers.length === 0 && (
        <Notice icon={<ServerOff aria-hidden />} title="No worker is there">
          Jobs wait until one starts.
        </Notice>
      )}
      {workers.data && workers.data.workers.length > 0 && (
        <Table caption="Workers" rows={workers.data.workers} columns={columns} id={(w) => w.id} />
      )}
    </section>
  );
}

function Running({ worker }: { worker: Worker }) {
  if (worker.running.length === 0) return <span className={page.soft}>nothing</span>;
  return (
    <ul>
      {worker.running.map((run) => (
        <li key={run.job_id}>
          <Link to={`/lessons/${run.job_id}`}>{stageWords(run.stage)}</Link> {Math.round(run.progress)} %, try{' '}
          {run.attempt}, {when(run.started_at)}
        </li>
      ))}
    </ul>
  );
}

function Drain({ worker, onChange }: { worker: Worker; onChange: () => void }) {
  return (
    <ReasonDialog
      trigger={
        <Button small icon={<LogOut aria-hidden />}>
          Drain
        </Button>
      }
      title="Drain this worker?"
      action="Drain"
      danger
      example="Its machine is replaced"
      onConfirm={async (reason) => {
        await unwrap(api.POST('/v1/workers/{id}:drain', { params: { path: { id: worker.id } }, body: { reason } }));
        tell('Draining', 'It finishes what it runs and ends.');
        onChange();
      }}
    >
      {worker.name} takes nothing new, finishes what it runs and ends.
    </ReasonDialog>
  );
}
