/** Lines over time; the latest values also as text. */
import { useId } from 'react';
import { CartesianGrid, Line, LineChart, ResponsiveContainer, Tooltip, XAxis, YAxis } from 'recharts';

import page from '../ui/Page.module.css';
import css from './FlowChart.module.css';
import type { Point } from './flow';

interface Props {
  title: string;
  about: string;
  points: readonly Point[];
  lines: { key: Exclude<keyof Point, 'at'>; name: string; colour: string }[];
}

// Below this many milliseconds the ticks of a chart are seconds.
const short = 10 * 60_000;

const time = (at: number, span = short) =>
  new Date(at).toLocaleTimeString(undefined, { timeStyle: span < short ? 'medium' : 'short' });

export function FlowChart({ title, about, points, lines }: Props) {
  const id = useId();
  const last = points.at(-1);
  const span = (last?.at ?? 0) - (points[0]?.at ?? 0);
  return (
    <figure className={page.panel} aria-labelledby={id}>
      <figcaption className={css.head}>
        <h2 id={id}>{title}</h2>
        <ul className={css.legend}>
          {lines.map((line) => (
            <li key={line.key}>
              <svg viewBox="0 0 10 10" aria-hidden>
                <circle cx="5" cy="5" r="5" fill={line.colour} />
              </svg>
              {line.name} <b>{last?.[line.key] ?? 0}</b>
            </li>
          ))}
        </ul>
        <p className="hidden">{about}</p>
      </figcaption>
      <div className={css.chart} aria-hidden>
        <ResponsiveContainer width="100%" height="100%">
          <LineChart data={[...points]} margin={{ top: 4, right: 8, bottom: 0, left: -24 }} accessibilityLayer={false}>
            <CartesianGrid stroke="var(--line)" vertical={false} />
            <XAxis
              dataKey="at"
              type="number"
              domain={['dataMin', 'dataMax']}
              tickFormatter={(at) => time(at, span)}
              stroke="var(--soft)"
              fontSize={11}
              minTickGap={40}
            />
            <YAxis allowDecimals={false} stroke="var(--soft)" fontSize={11} />
            <Tooltip
              labelFormatter={(at) => time(Number(at), 0)}
              contentStyle={{ background: 'var(--surface)', border: '1px solid var(--line)', borderRadius: 8 }}
            />
            {lines.map((line) => (
              <Line
                key={line.key}
                type="monotone"
                dataKey={line.key}
                name={line.name}
                stroke={line.colour}
                strokeWidth={2}
                dot={false}
                isAnimationActive={false}
              />
            ))}
          </LineChart>
        </ResponsiveContainer>
      </div>
    </figure>
  );
}
