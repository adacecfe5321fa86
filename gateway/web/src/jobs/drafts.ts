/** What the form starts with, when it is not empty. */
import type { Job } from '@studycast/client';

import type { Format, Kind } from './voices';

export type From = 'url' | 'file' | 'text';

export interface Draft {
  from?: From;
  url?: string;
  text?: string;
  kind?: Kind;
  length?: 'short' | 'medium' | 'long';
  theme?: 'dark' | 'paper';
  format?: Format;
  voices?: string[];
}

/** Shows a newcomer what a lesson is, without a page of their own. */
export const example: Draft = {
  from: 'text',
  length: 'short',
  text: `# Why we have seasons

The Earth circles the Sun once a year. Its axis is tilted by about 23 degrees, and it keeps pointing the same way all year.

## Summer and winter

In June the northern half of the Earth leans towards the Sun. Its days are long, and the light falls steeply, so the ground gets warm. In December the northern half leans away: its days are short and the light is flat. The southern half has summer then.

## It is not the distance

The Earth is closest to the Sun in early January, in the middle of the northern winter. The distance changes by only three percent, much too little to make seasons. The tilt decides.
`,
};

/** The same lesson once more, to be changed; undefined where the source can't be shown in the form. */
export function draftOf({ kind, source, options }: Job): Draft | undefined {
  if (!source.url && !source.text) return undefined;
  const { length, theme, format, voices } = options;
  return {
    kind,
    ...(source.url ? { from: 'url', url: source.url } : { from: 'text', text: source.text ?? '' }),
    ...(length && { length }),
    ...(theme && { theme }),
    ...(format && { format }),
    ...(voices && { voices }),
  };
}
