import { Button } from '@mantine/core'
import { useState } from 'react'
import { Moment } from '../shared/time/Moment'
import { ReasonDialog, type PlannedAct } from '../shared/ReasonDialog'
import { UNLOCKING, useEverythingLock, useLockEverything } from '../shared/everything'
import classes from './LockedBanner.module.css'

/** On top of every page while everything is locked: what people see elsewhere is not what the schedule says. */
export function LockedBanner() {
  const lock = useEverythingLock()
  const { mutateAsync } = useLockEverything()
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  const since = lock.data?.since
  if (!since) return null
  return (
    <div className={classes.banner} role="alert">
      <p>
        <strong>Everything is locked</strong> since <Moment at={since} />: {lock.data?.reason}. Nobody is let in.
      </p>
      {lock.data?.yours && (
        <Button
          variant="white"
          color="red"
          size="xs"
          onClick={() => setPlanned({ ...UNLOCKING, run: (reason) => mutateAsync({ act: 'unlock', reason }) })}
        >
          Unlock…
        </Button>
      )}
      <ReasonDialog act={planned} onDone={() => setPlanned(null)} />
    </div>
  )
}
