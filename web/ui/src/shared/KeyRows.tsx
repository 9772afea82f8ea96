import type { Wire } from '../api/client'
import classes from './KeyRows.module.css'
import { Moment } from './time/Moment'

/** SSH keys as `ssh-keygen -l` prints them. */
export function KeyRows({ keys }: { keys: readonly Wire<'KeyView'>[] }) {
  return (
    <ul className={classes.keys}>
      {keys.map(({ fingerprint, algorithm, valid_until }) => (
        <li key={fingerprint}>
          <code className={classes.print}>{fingerprint}</code>
          <span className={classes.about}>
            {algorithm}
            {valid_until && (
              <>
                , until <Moment at={valid_until} isBare />
              </>
            )}
          </span>
        </li>
      ))}
    </ul>
  )
}
