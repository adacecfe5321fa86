/** Where a student starts: ask for a lesson, see the others. */
import css from './HomePage.module.css';
import { JobForm } from './JobForm';
import { JobList } from './JobList';

export function HomePage() {
  return (
    <div className={css.page}>
      <title>Studycast</title>
      <section className={css.intro} aria-labelledby="headline">
        <h1 id="headline">Turn anything you read into a lesson</h1>
        <p>
          Paste a link, drop a document or write some text. Get a narrated video or a two-voice audio overview, with
          captions, chapters and a transcript.
        </p>
      </section>
      <JobForm />
      <JobList />
    </div>
  );
}
