/** Light or dark: the system's choice, until the user makes one. */
import { useSyncExternalStore } from 'react';

export type Theme = 'light' | 'dark';

const key = 'studycast.theme';
const system = window.matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

function chosen(): Theme | undefined {
  const value = localStorage.getItem(key);
  return value === 'light' || value === 'dark' ? value : undefined;
}

const current = (): Theme => chosen() ?? (system.matches ? 'dark' : 'light');

function apply() {
  document.documentElement.dataset.theme = current();
  for (const listener of listeners) listener();
}

/** Sets the theme before the first paint and follows the system. */
export function startTheme() {
  apply();
  system.addEventListener('change', apply);
}

export function setTheme(theme: Theme) {
  localStorage.setItem(key, theme);
  apply();
}

export const useTheme = () =>
  useSyncExternalStore((listener) => {
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
    };
  }, current);
