import type { Tone } from '#frame'
import type { ReactNode } from 'react'
import classes from './Notice.module.css'

interface NoticeProps {
  tone: Tone
  title: ReactNode
  children?: ReactNode
}

/** Something about the whole page that must not be missed. */
export function Notice({ tone, title, children }: NoticeProps) {
  return (
    <div className={classes.notice} data-tone={tone}>
      <p className={classes.title}>{title}</p>
      {children && <div className={classes.words}>{children}</div>}
    </div>
  )
}
