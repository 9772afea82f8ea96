import { Button } from '@mantine/core'
import type { Wire } from '../api/client'
import classes from './KeyRows.module.css'
import { Moment } from './time/Moment'

interface KeyRowsProps {
  keys: readonly Wire<'KeyView'>[]
  /** Offered for each key that is still valid. */
  onWithdraw?: (fingerprint: string) => void
}

/** SSH keys as `ssh-keygen -l` prints them. */
export function KeyRows({ keys, onWithdraw }: KeyRowsProps) {
  return (
    <ul className={classes.keys}>
      {keys.map(({ fingerprint, algorithm, valid_until }) => (
        <li key={fingerprint}>
          <code className={classes.print}>{fingerprint}</code>
          <span className={classes.about}>
            {algorithm}
            {valid_until && (
              <>
                , {isOver(valid_until) ? 'not valid since' : 'until'} <Moment at={valid_until} isBare />
              </>
            )}
          </span>
          {onWithdraw && !isOver(valid_until) && (
            <Button variant="subtle" color="red" size="compact-xs" onClick={() => onWithdraw(fingerprint)}>
              Withdraw…
            </Button>
          )}
        </li>
      ))}
    </ul>
  )
}

function isOver(until: string | null | undefined): boolean {
  return until !== null && until !== undefined && Date.parse(until) <= Date.now()
}
