/** The dead letters: their causes, or one by one. */
import { Tabs } from '@base-ui/react/tabs';

import page from '../ui/Page.module.css';
import tabs from '../ui/Tabs.module.css';
import { FilterBar } from './FilterBar';
import { useLetterFilter } from './filter';
import { Groups } from './Groups';
import { Letters } from './Letters';

export function LettersPage() {
  const { filter, set, params } = useLetterFilter();
  const view = params.get('view') === 'letters' || filter.fingerprint ? 'letters' : 'groups';
  return (
    <section className={page.section} aria-labelledby="dead-letters">
      <title>Dead letters · Studycast</title>
      <div className={page.head}>
        <h1 id="dead-letters">Dead letters</h1>
      </div>
      <FilterBar params={params} set={set} />
      <Tabs.Root
        value={view}
        onValueChange={(next) => {
          set('fingerprint', '');
          set('view', next === 'letters' ? 'letters' : '');
        }}
      >
        <Tabs.List className={tabs.list} aria-label="View">
          <Tabs.Tab className={tabs.tab} value="groups">
            By cause
          </Tabs.Tab>
          <Tabs.Tab className={tabs.tab} value="letters">
            One by one
          </Tabs.Tab>
        </Tabs.List>
        <Tabs.Panel value="groups" className={page.section}>
          <Groups filter={filter} />
        </Tabs.Panel>
        <Tabs.Panel value="letters" className={page.section}>
          <Letters filter={filter} />
        </Tabs.Panel>
      </Tabs.Root>
    </section>
  );
}
