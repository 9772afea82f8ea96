import { useId, type ReactNode } from 'react'
import classes from './Part.module.css'

interface PartProps {
  title: string
  children: ReactNode
  /** Over both columns. */
  isWide?: boolean
}

/** One question that an alert answers. */
export function Part({ title, children, isWide = false }: PartProps) {
  const heading = useId()
  return (
    <section className={classes.part} data-wide={isWide || undefined} aria-labelledby={heading}>
      <h2 id={heading} className={classes.title}>
        {title}
      </h2>
      {children}
    </section>
  )
}
