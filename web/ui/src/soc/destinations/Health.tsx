import { ProblemPanel } from '#frame'
import { useReadiness } from '../queries'
import { Notice } from '../visit/Notice'
import classes from './DestinationsPage.module.css'

/** Whether a visit would be let in now, and if not, why not. */
export function Health() {
  const readiness = useReadiness()
  if (readiness.error) return <ProblemPanel error={readiness.error} />
  if (!readiness.data) return null
  const { ready, faults } = readiness.data
  return (
    <div className={classes.health} aria-live="polite">
      {ready ? (
        <Notice tone="good" title="✓ The gate is well">
          The database answers, recordings can be written, and the disk has room: visits are let in.
        </Notice>
      ) : (
        <Notice tone="bad" title="✕ The gate is not ready: visits may be refused">
          <ul>
            {faults.map((fault) => (
              <li key={fault}>{fault}</li>
            ))}
          </ul>
        </Notice>
      )}
    </div>
  )
}
