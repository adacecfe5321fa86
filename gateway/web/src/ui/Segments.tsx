/** One choice of a few, as segments of a bar; a radio group for the keyboard and screen readers. */
import { Radio } from '@base-ui/react/radio';
import { RadioGroup } from '@base-ui/react/radio-group';
import { type ReactNode, useId } from 'react';

import css from './Segments.module.css';

interface Props<T extends string> {
  label: string;
  value: T;
  options: readonly { value: T; label: ReactNode }[];
  onChange: (value: T) => void;
}

export function Segments<T extends string>({ label, value, options, onChange }: Props<T>) {
  const id = useId();
  return (
    <div className={css.group}>
      <span className={css.label} id={id}>
        {label}
      </span>
      <RadioGroup aria-labelledby={id} value={value} onValueChange={(next) => onChange(next as T)} className={css.bar}>
        {options.map((option) => (
          // biome-ignore lint/a11y/noLabelWithoutControl: the radio inside is the control
          <label key={option.value} className={css.segment} data-value={option.value}>
            <Radio.Root value={option.value} className={css.radio} />
            {option.label}
          </label>
        ))}
      </RadioGroup>
    </div>
  );
}
