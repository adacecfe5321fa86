/** A field to search with. */
import { Search } from 'lucide-react';
import type { InputHTMLAttributes } from 'react';

import field from './Field.module.css';
import css from './SearchField.module.css';

export function SearchField({ label, ...rest }: { label: string } & InputHTMLAttributes<HTMLInputElement>) {
  return (
    <label className={css.search}>
      <span className="hidden">{label}</span>
      <Search aria-hidden />
      <input {...rest} className={field.input} type="search" />
    </label>
  );
}
