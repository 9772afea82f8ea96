import { Button } from '@mantine/core'
import { useState } from 'react'
import { api, bodyOf, CopyLine, Panel, ReasonDialog, useAct } from '#frame'
import { Note } from '../../shared/Note'
import type { PersonView } from '../../shared/people'
import { roleLabel } from '../../shared/roles'
import classes from './Person.module.css'

/** Takes the password and the second factor away; two people of different roles have to say so. */
export function ResetFactors({ person }: { person: PersonView }) {
  const [isAsking, setAsking] = useState(false)
  const reset = useAct(['people'], (reason: string) =>
    bodyOf(api.POST('/api/people/{login}/reset', { params: { path: { login: person.login } }, body: { reason } })),
  )
  const { data } = reset
  return (
    <Panel title="Lost password or authenticator">
      <p className={classes.words}>A reset takes both away. An administrator and a clinical engineer say so, one each.</p>
      {data?.state === 'waiting-for-second' && (
        <Note tone="warn" title="Your word is given">
          It waits for a {data.waiting_for ? roleLabel(data.waiting_for).toLowerCase() : 'second person'}, who does the same
          on this page.
        </Note>
      )}
      {data?.link && <CopyLine text={data.link} label="New enrolment link" />}
      {!data && (
        <Button variant="default" onClick={() => setAsking(true)}>
          Reset…
        </Button>
      )}
      <ReasonDialog
        act={
          isAsking
            ? {
                title: `Reset ${person.name}`,
                explains: 'Make sure that it is they who ask: call them on a number that you know.',
                verb: 'Reset',
                isCut: true,
                run: reset.mutateAsync,
              }
            : null
        }
        onDone={() => setAsking(false)}
      />
    </Panel>
  )
}
