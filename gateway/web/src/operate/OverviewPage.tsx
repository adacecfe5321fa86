/** How it stands: the queues, what flows and what fails. */
import { Failed, Loading } from '../ui/Notice';
import page from '../ui/Page.module.css';
import { FlowChart } from './FlowChart';
import { useFlow } from './flow';
import { QueueCard } from './QueueCard';
import { useQueues } from './queues';

const refreshEvery = 2000;

export function OverviewPage() {
  const queues = useQueues(refreshEvery);
  const flow = useFlow(queues.data?.queues, queues.dataUpdatedAt);
  return (
    <section className={page.section} aria-labelledby="overview">
      <title>Overview · Studycast</title>
      <div className={page.head}>
        <h1 id="overview">Overview</h1>
      </div>
      {queues.error && (
        <Failed title="The queues can’t be read" error={queues.error} again={() => void queues.refetch()} />
      )}
      {!queues.data && !queues.error && <Loading label="Reading the queues" />}
      <div className={page.grid}>
        {queues.data?.queues.map((queue) => (
          <QueueCard key={queue.name} queue={queue} onChange={() => void queues.refetch()} />
        ))}
      </div>
      <div className={page.grid}>
        <FlowChart
          title="Jobs that wait and run"
          about="Jobs waiting to start and jobs running, sampled every two seconds while this page is open."
          points={flow}
          lines={[
            { key: 'waiting', name: 'waiting', colour: 'var(--wait)' },
            { key: 'running', name: 'running', colour: 'var(--accent)' },
          ]}
        />
        <FlowChart
          title="Jobs that ended, per minute"
          about="Jobs that succeeded and failed in each minute, while this page is open."
          points={flow}
          lines={[
            { key: 'succeeded', name: 'succeeded', colour: 'var(--good)' },
            { key: 'failed', name: 'failed', colour: 'var(--bad)' },
          ]}
        />
      </div>
    </section>
  );
}
