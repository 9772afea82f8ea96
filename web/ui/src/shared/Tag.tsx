import type { ReactNode } from 'react'
import classes from './Tag.module.css'

/** What a colour means; the words always say it too. */
export type Tone = 'neutral' | 'info' | 'good' | 'warn' | 'bad'

interface TagProps {
  tone?: Tone
  /** A dot before the words; it pulses gently while something is live. */
  dot?: 'still' | 'live'
  children: ReactNode
}

/** A state in a word or two; more than that may break into lines. */
export function Tag({ tone = 'neutral', dot, children }: TagProps) {
  return (
    <span className={classes.tag} data-tone={tone} data-long={isLong(children) || undefined}>
      {dot && <span className={classes.dot} data-live={dot === 'live' || undefined} aria-hidden="true" />}
      {children}
    </span>
  )
}

function isLong(words: ReactNode): boolean {
  return typeof words === 'string' && words.length > 28
}
