/** Puts letters back to work: first what that means, then the rate and the canary, then go. */
import { freshKey } from '@studycast/client';
import { useQuery } from '@tanstack/react-query';
import { RotateCcw } from 'lucide-react';
import { useRef, useState } from 'react';
import { useNavigate } from 'react-router';

import { api, unwrap, words } from '../api/client';
import { Button } from '../ui/Button';
import field from '../ui/Field.module.css';
import { FormDialog, Reason } from '../ui/Form';
import page from '../ui/Page.module.css';
import type { Selection } from './Groups';
import css from './ReplayDialog.module.css';
import type { Plan } from './types';
import { causeOf } from './useGroups';

const defaultRate = 5; // letters a second
const defaultCanary = 3; // letters

export function ReplayDialog({ what }: { what: Selection }) {
  const [reason, setReason] = useState('');
  const [rate, setRate] = useState(defaultRate);
  const [canary, setCanary] = useState(defaultCanary);
  const [open, setOpen] = useState(false);
  const key = useRef('');
  const navigate = useNavigate();
  const plan = useQuery({
    queryKey: ['replay-plan', what],
    queryFn: ({ signal }) =>
      unwrap(
        api.POST('/v1/dead-letters:replay', { body: { ...what, rate, reason: 'dry run', dry_run: true }, signal }),
      ),
    enabled: open,
    staleTime: 0,
  });

  function reset() {
    setReason('');
    setOpen(true);
    key.current = freshKey();
  }

  async function submit() {
    const body = { ...what, reason, rate, canary: canary > 0 ? canary : -1 };
    const params = { header: { 'Idempotency-Key': key.current } };
    const made = await unwrap(api.POST('/v1/dead-letters:replay', { body, params }));
    if (made.replay) void navigate(`/operate/replays/${made.replay.id}`);
  }

  return (
    <FormDialog
      trigger={
        <Button small weight="primary" icon={<RotateCcw aria-hidden />}>
          Replay
        </Button>
      }
      title="Replay"
      action={plan.data?.plan ? `Replay ${plan.data.plan.letters}` : 'Replay'}
      onSubmit={submit}
      onOpen={reset}
    >
      {plan.error ? <p className={field.error}>{words(plan.error)}</p> : <PlanView plan={plan.data?.plan} />}
      <div className={css.fields}>
        <label className={field.field}>
          <span>Letters a second</span>
          <input
            type="number"
            min={0.1}
            max={100}
            step="any"
            required
            value={rate}
            onChange={(e) => setRate(e.target.valueAsNumber)}
          />
        </label>
        <label className={field.field}>
          <span>First letters (canary)</span>
          <input
            type="number"
            min={0}
            max={100}
            required
            value={canary}
            onChange={(e) => setCanary(e.target.valueAsNumber)}
          />
        </label>
      </div>
      <p className={field.hint}>
        {canary > 0
          ? `The first ${canary} go alone. If one of them fails for the same reason, the replay stops by itself and leaves the rest open.`
          : 'All go at once: nothing stops the replay when the cause is still there.'}
      </p>
      <Reason value={reason} onChange={setReason} example="The speech endpoint is back" />
    </FormDialog>
  );
}

const skippedWords: Record<string, string> = {
  decided: 'decided on before',
  in_replay: 'in another replay',
  undecodable: 'can’t be read',
  missing: 'not there any more',
};

function PlanView({ plan }: { plan: Plan | undefined }) {
  if (!plan) return <p className={page.soft}>Counting the letters</p>;
  return (
    <div className={css.plan}>
      <p>
        <b>{plan.letters}</b> {plan.letters === 1 ? 'letter goes' : 'letters go'} back to work, each with a fresh budget
        of retries:
      </p>
      <ul>
        {plan.groups.map((group) => (
          <li key={group.fingerprint}>
            <b>{group.letters}</b> {causeOf(group)}
          </li>
        ))}
        {plan.skipped.map((skipped) => (
          <li key={skipped.why} className={page.soft}>
            {skipped.letters} left as they are: {skippedWords[skipped.why] ?? skipped.why}
          </li>
        ))}
      </ul>
    </div>
  );
}
