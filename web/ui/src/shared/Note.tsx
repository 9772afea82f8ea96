import type { ReactNode } from 'react'
import classes from './Note.module.css'
import type { Tone } from './Tag'

interface NoteProps {
  tone: Tone
  title: ReactNode
  children?: ReactNode
  /** What one can do about it. */
  actions?: ReactNode
}

/** Something on a page that wants to be seen before the rest. */
export function Note({ tone, title, children, actions }: NoteProps) {
  return (
    <div className={classes.note} data-tone={tone}>
      <div className={classes.words}>
        <p className={classes.title}>{title}</p>
        {children && <div className={classes.body}>{children}</div>}
      </div>
      {actions && <div className={classes.actions}>{actions}</div>}
    </div>
  )
}
