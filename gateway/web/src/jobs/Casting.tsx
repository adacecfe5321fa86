/** Chooses the form of a lesson and who is heard in it. */
import { Segments } from '../ui/Segments';
import { Select } from '../ui/Select';
import {
  cast,
  type Format,
  formats,
  formatWords,
  hostsOf,
  hostWords,
  type Kind,
  recast,
  useVoices,
  voiceLabel,
} from './voices';

interface Props {
  kind: Kind;
  format: Format;
  /** Names of voices; none = the default ones. */
  voices: readonly string[] | undefined;
  onChange: (format: Format, voices: string[] | undefined) => void;
}

export function Casting({ kind, format, voices, onChange }: Props) {
  const all = useVoices();
  const there = all.filter((voice) => voice.available).map((v) => ({ value: v.name, label: voiceLabel(v) }));
  const heard = cast(all, format, voices);
  return (
    <>
      <Segments
        label="Format"
        value={format}
        options={formats[kind].map((value) => ({ value, label: formatWords[value] }))}
        onChange={(next) => onChange(next, hostsOf(next).length === voices?.length ? [...voices] : undefined)}
      />
      {there.length > 1 &&
        hostsOf(format).map((host, i) => (
          <Select
            key={host}
            label={hostWords[host]}
            value={heard[i] ?? ''}
            options={there}
            onChange={(name) => onChange(format, recast(heard, i, name))}
          />
        ))}
    </>
  );
}
