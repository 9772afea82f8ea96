import { asSeverity, type Severity } from './severity'
import classes from './SeverityMark.module.css'

/** A severity by shape and word; colour only repeats what they say. */
export function SeverityMark({ severity }: { severity: string }) {
  const known = asSeverity(severity)
  return (
    <span className={classes.mark} data-severity={known}>
      <svg className={classes.shape} viewBox="0 0 16 16" aria-hidden="true" focusable="false">
        {SHAPES[known]}
      </svg>
      <span className={classes.word}>{severity}</span>
    </span>
  )
}

const SHAPES: Record<Severity, React.ReactNode> = {
  critical: (
    <>
      <path d="M5 .5h6L15.5 5v6L11 15.5H5L.5 11V5z" fill="currentColor" />
      <path d="M8 3.6v5.2M8 10.9v1.6" className={classes.cut} />
    </>
  ),
  high: <path d="M8 1 15.4 14.5H.6z" fill="currentColor" />,
  medium: <path d="M8 .8 15.2 8 8 15.2.8 8z" fill="none" stroke="currentColor" strokeWidth="2" />,
  low: <circle cx="8" cy="8" r="5.4" fill="none" stroke="currentColor" strokeWidth="1.8" />,
  informational: <path d="M2.5 8h11" fill="none" stroke="currentColor" strokeWidth="2" />,
}
