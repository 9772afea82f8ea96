import type { ReactNode } from 'react'
import classes from './EmptyState.module.css'

interface EmptyStateProps {
  title: string
  /** What to do, or why there is nothing. */
  words: ReactNode
  /** A button or link that does it. */
  action?: ReactNode
}

export function EmptyState({ title, words, action }: EmptyStateProps) {
  return (
    <div className={classes.empty}>
      <p className={classes.title}>{title}</p>
      <p className={classes.words}>{words}</p>
      {action && <div className={classes.action}>{action}</div>}
    </div>
  )
}
