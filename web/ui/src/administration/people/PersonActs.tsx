import { Button } from '@mantine/core'
import { useState } from 'react'
import { Panel, ReasonDialog, useMay, type PlannedAct } from '#frame'
import type { PersonView } from '../../shared/people'
import { EnrolmentLink } from './EnrolmentLink'
import classes from './Person.module.css'
import { ResetFactors } from './ResetFactors'
import { useLockPerson } from './useLockPerson'

/** Letting in and keeping out. */
export function PersonActs({ person }: { person: PersonView }) {
  const may = useMay()
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  const lock = useLockPerson(person)
  return (
    <div className="stack">
      {may('manage-people') && <EnrolmentLink person={person} />}
      {may('reset-factors') && person.enrolled && <ResetFactors person={person} />}
      {may('lock') && (
        <Panel title={person.locked ? 'Let them in again' : 'Keep them out'}>
          <p className={classes.words}>
            {person.locked
              ? 'Their windows hold again as they stand.'
              : 'Cuts their visits at once. They can neither sign in nor connect until they are unlocked.'}
          </p>
          <Button variant="default" className={person.locked ? undefined : classes.cut} onClick={() => setPlanned(lock)}>
            {person.locked ? 'Unlock…' : 'Lock…'}
          </Button>
        </Panel>
      )}
      <ReasonDialog act={planned} onDone={() => setPlanned(null)} />
    </div>
  )
}
