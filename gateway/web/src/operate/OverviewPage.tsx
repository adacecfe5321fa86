/** How it stands: the queues, what waits for a decision, what flows and what fails. */
import { Link } from 'react-router';

import { Badge } from '../ui/Badge';
import { Failed, Loading } from '../ui/Notice';
import page from '../ui/Page.module.css';
import { FlowChart } from './FlowChart';
import { openOnly } from './filter';
import { useFlow } from './flow';
import { QueueCard } from './QueueCard';
import { useQueues } from './queues';
import { causeOf, counted, useGroups } from './useGroups';

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
      <OpenLetters />
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

/** What waits for the operator. */
function OpenLetters() {
  const all = useGroups(openOnly({}));
  const { pages, groups } = all;
  return (
    <article className={page.panel} aria-label="Dead letters">
      <div className={page.head}>
        <h2>Dead letters</h2>
        {pages.data && (groups.length > 0 ? <Badge tone="bad">Decide</Badge> : <Badge tone="good">None open</Badge>)}
      </div>
      {pages.error ? (
        <p>They can’t be read right now.</p>
      ) : groups[0] ? (
        <p>
          <Link to="/operate/dead-letters">{counted(all)}</Link> {all.letters === 1 ? 'waits' : 'wait'} for a decision
          {groups.length > 1 && ', most of them'}: {causeOf(groups[0])}
        </p>
      ) : (
        <p className={page.soft}>{pages.data ? 'Nothing waits for a decision.' : 'Counting them.'}</p>
      )}
    </article>
  );
}
