import { asProblem, sentence } from '../api/problem'
import classes from './ProblemPanel.module.css'

interface ProblemPanelProps {
  error: unknown
  /** Tries again; a button is offered when given. */
  onRetry?: () => void
}

/** What happened, and what to do next. */
export function ProblemPanel({ error, onRetry }: ProblemPanelProps) {
  const problem = asProblem(error)
  return (
    <div className={classes.problem} role="alert">
      <p className={classes.what}>{sentence(problem.what)}</p>
      {problem.next !== '' && <p className={classes.next}>{sentence(problem.next)}</p>}
      {problem.reference !== null && (
        <p className={classes.next}>
          Reference for the help desk: <code>{problem.reference}</code>
        </p>
      )}
      {onRetry && problem.status !== 403 && (
        <button type="button" className={classes.retry} onClick={onRetry}>
          Try again
        </button>
      )}
    </div>
  )
}
