/** One choice of many, as a list that opens; the browser's own, which every phone knows. */
import field from './Field.module.css';
import css from './Select.module.css';

interface Props {
  label: string;
  value: string;
  options: readonly { value: string; label: string }[];
  onChange: (value: string) => void;
}

export function Select({ label, value, options, onChange }: Props) {
  return (
    <label className={css.group}>
      <span className={css.label}>{label}</span>
      <select className={field.input} value={value} onChange={(e) => onChange(e.target.value)}>
        {options.map((option) => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </label>
  );
}
