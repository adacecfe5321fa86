/** Chooses the file that a lesson is made of. */
import { FileUp } from 'lucide-react';

import css from './FileDrop.module.css';
import { size } from './words';

const accepted = '.html,.htm,.pdf,.md,.markdown,.txt,text/html,application/pdf,text/markdown,text/plain';

export function FileDrop({ file, onFile }: { file: File | undefined; onFile: (file: File | undefined) => void }) {
  return (
    <label className={css.drop}>
      <input
        className="hidden"
        type="file"
        accept={accepted}
        onChange={(e) => {
          onFile(e.target.files?.[0]);
          e.target.value = ''; // so that the same file can be chosen again
        }}
      />
      <FileUp aria-hidden />
      <strong>{file ? file.name : 'Drop a file here, or choose one'}</strong>
      <span>
        {file ? `${size(file.size)}. Choose again to change it.` : 'HTML, PDF, Markdown or plain text, up to 10 MB'}
      </span>
    </label>
  );
}
