/** The words of the operators' calls, as the API has them. */
import type { components } from '@studycast/client';

type Schemas = components['schemas'];

export type Queue = Schemas['Queue'];
export type Worker = Schemas['Worker'];
export type Letter = Schemas['DeadLetter'];
export type Group = Schemas['LetterGroup'];
export type Replay = Schemas['Replay'];
export type Plan = Schemas['ReplayPlan'];
export type LetterFilter = Schemas['LetterFilter'];
export type AuditRecord = Schemas['AuditRecord'];
