import { useId, type ReactNode } from 'react'
import classes from './Panel.module.css'

interface PanelProps {
  title?: ReactNode
  /** On the right of the title. */
  aside?: ReactNode
  children: ReactNode
}

/** A part of a page with its own heading. */
export function Panel({ title, aside, children }: PanelProps) {
  const id = useId()
  return (
    <section className={classes.panel} {...(title ? { 'aria-labelledby': id } : {})}>
      {title && (
        <div className={classes.head}>
          <h2 className={classes.title} id={id}>
            {title}
          </h2>
          {aside}
        </div>
      )}
      {children}
    </section>
  )
}
