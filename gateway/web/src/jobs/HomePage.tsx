/** Where a student starts: ask for a lesson, see the others. */
import { useState } from 'react';

import { type Draft, example } from './drafts';
import css from './HomePage.module.css';
import { JobForm } from './JobForm';
import { JobList } from './JobList';

export function HomePage() {
  const [draft, setDraft] = useState<Draft>();
  const [drafts, setDrafts] = useState(0);
  const [made, setMade] = useState(0); // each time the list starts without filters, so that the new lesson is seen

  function start(next: Draft) {
    setDraft(next);
    setDrafts(drafts + 1);
  }

  return (
    <div className={css.page}>
      <title>Studycast</title>
      <section className={css.intro} aria-labelledby="headline">
        <h1 id="headline">Turn anything you read into a lesson</h1>
        <p>
          Paste a link, drop a document or write some text. Get a narrated video or a two‑voice audio overview, with
          captions, chapters and a transcript.
        </p>
      </section>
      <JobForm key={drafts} {...(draft && { draft })} onMade={() => setMade(made + 1)} />
      <JobList made={made} onDraft={start} onExample={() => start(example)} />
    </div>
  );
}
