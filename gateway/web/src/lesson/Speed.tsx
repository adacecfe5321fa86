/** How fast a lesson plays; the choice is kept for the next one. */
import { type RefObject, useEffect, useState } from 'react';

import { Segments } from '../ui/Segments';

const key = 'studycast.speed';
const speeds = ['0.75', '1', '1.25', '1.5', '2'] as const;
const options = speeds.map((value) => ({ value, label: `${value}×` }));

type Speed = (typeof speeds)[number];

export function Speed({ media }: { media: RefObject<HTMLMediaElement | null> }) {
  const [speed, setSpeed] = useState<Speed>(() => speeds.find((s) => s === localStorage.getItem(key)) ?? '1');
  useEffect(() => {
    if (media.current) {
      media.current.defaultPlaybackRate = Number(speed); // kept when the address changes
      media.current.playbackRate = Number(speed);
    }
    localStorage.setItem(key, speed);
  }, [media, speed]);
  return <Segments label="Speed" value={speed} options={options} onChange={setSpeed} />;
}
