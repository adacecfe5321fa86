/** A table that becomes a list of cards where it does not fit. */
import type { ReactNode } from 'react';

import css from './Table.module.css';

export interface Column<T> {
  name: string;
  cell: (row: T) => ReactNode;
  /** Numbers stand to the right. */
  number?: boolean;
  /** Takes the room that is left. */
  wide?: boolean;
}

interface Props<T> {
  caption: string;
  rows: readonly T[];
  columns: readonly Column<T>[];
  id: (row: T) => string;
}

export function Table<T>({ caption, rows, columns, id }: Props<T>) {
  const look = (column: Column<T>) =>
    [column.number && css.number, column.wide && css.wide].filter(Boolean).join(' ') || undefined;
  return (
    <table className={css.table}>
      <caption className="hidden">{caption}</caption>
      <thead>
        <tr>
          {columns.map((column) => (
            <th key={column.name} scope="col" className={look(column)}>
              {column.name}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={id(row)} data-id={id(row)}>
            {columns.map((column) => (
              <td key={column.name} data-label={column.name} className={look(column)}>
                <div>{column.cell(row)}</div>
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}
