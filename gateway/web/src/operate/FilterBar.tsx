/** Narrows what is shown of the dead letters. */
import { useState } from 'react';

import field from '../ui/Field.module.css';
import { SearchField } from '../ui/SearchField';
import css from './FilterBar.module.css';
import { letterStates } from './filter';

interface Props {
  params: URLSearchParams;
  set: (name: string, value: string) => void;
}

const faults = ['source', 'dependency', 'internal', 'poison', 'request'];

const choices: { name: string; label: string; options: [string, string][] }[] = [
  {
    name: 'state',
    label: 'State',
    options: [['', 'Open'], ...letterStates.slice(1).map((s): [string, string] => [s, s]), ['any', 'Any state']],
  },
  {
    name: 'kind',
    label: 'Kind',
    options: [
      ['', 'Video and audio'],
      ['video', 'Video'],
      ['audio', 'Audio'],
    ],
  },
  { name: 'fault', label: 'Fault', options: [['', 'Any fault'], ...faults.map((f): [string, string] => [f, f])] },
  {
    name: 'since',
    label: 'Time',
    options: [
      ['', 'Any time'],
      ['1', 'Last hour'],
      ['24', 'Last day'],
      ['168', 'Last week'],
    ],
  },
];

export function FilterBar({ params, set }: Props) {
  return (
    <search className={css.bar}>
      <Typed name="text" label="Text of the fault" params={params} set={set} />
      <Typed name="owner" label="Owner" params={params} set={set} />
      {choices.map(({ name, label, options }) => (
        <label key={name}>
          <span className="hidden">{label}</span>
          <select className={field.input} value={params.get(name) ?? ''} onChange={(e) => set(name, e.target.value)}>
            {options.map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      ))}
    </search>
  );
}

// What is typed is asked for when it is finished, not letter by letter.
function Typed({ name, label, params, set }: Props & { name: string; label: string }) {
  const [value, setValue] = useState(params.get(name) ?? '');
  return (
    <form
      onSubmit={(e) => {
        e.preventDefault();
        set(name, value.trim());
      }}
    >
      <SearchField
        label={label}
        placeholder={label}
        value={value}
        onChange={(e) => setValue(e.target.value)}
        onBlur={() => set(name, value.trim())}
      />
    </form>
  );
}
