/** Buttons and links that look like them, in three weights. */
import type { ButtonHTMLAttributes, ReactNode } from 'react';
import { Link, type LinkProps } from 'react-router';

import css from './Button.module.css';

type Weight = 'primary' | 'secondary' | 'quiet' | 'danger';

interface Look {
  weight?: Weight;
  icon?: ReactNode;
  small?: boolean;
}

const classes = ({ weight = 'secondary', small }: Look) =>
  [css.button, css[weight], small && css.small].filter(Boolean).join(' ');

export function Button({
  weight,
  icon,
  small,
  className,
  children,
  busy,
  ...rest
}: Look & ButtonHTMLAttributes<HTMLButtonElement> & { busy?: boolean }) {
  return (
    <button
      type="button"
      {...rest}
      disabled={rest.disabled || busy}
      aria-busy={busy || undefined}
      className={`${classes({ weight, small })} ${className ?? ''}`}
    >
      {icon}
      {children}
    </button>
  );
}

export function ButtonLink({ weight, icon, small, children, ...rest }: Look & LinkProps) {
  return (
    <Link {...rest} className={classes({ weight, small })}>
      {icon}
      {children}
    </Link>
  );
}

export function IconButton({ label, children, ...rest }: { label: string } & ButtonHTMLAttributes<HTMLButtonElement>) {
  return (
    <button type="button" {...rest} className={`${css.icon} ${rest.className ?? ''}`} aria-label={label} title={label}>
      {children}
    </button>
  );
}
