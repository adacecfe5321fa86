// Makes a module of the first example in README.md, for the server under test:
// the compiler and the tests then see what readers see.
import { readFileSync, writeFileSync } from 'node:fs';

const root = new URL('../', import.meta.url);
const [, example] = /```ts\n([^]*?)```/.exec(readFileSync(new URL('README.md', root), 'utf8')) ?? [];
const local = "'http://127.0.0.1:8080'";
if (!example?.includes(local)) throw new Error(`README.md has no example for ${local}`);
writeFileSync(new URL('test/readme.ts', root), example.replace(local, 'process.env.STUDYCAST_SERVER!'));
