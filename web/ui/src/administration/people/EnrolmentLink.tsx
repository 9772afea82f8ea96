import { Button } from '@mantine/core'
import { api, bodyOf, CopyLine, Moment, Panel, ProblemPanel, useAct } from '#frame'
import type { PersonView } from '../../shared/people'
import classes from './Person.module.css'

/** Makes the link with which somebody chooses a password and enrols a second factor. */
export function EnrolmentLink({ person }: { person: PersonView }) {
  const invite = useAct(['people'], (login: string) =>
    bodyOf(api.POST('/api/people/{login}/enrolment', { params: { path: { login } }, body: {} })),
  )
  return (
    <Panel title="Enrolment link">
      <p className={classes.words}>
        With it they choose a password and add an authenticator. It works once, and takes the place of a link made before.
      </p>
      {invite.data ? (
        <div className={classes.shown}>
          <CopyLine text={invite.data.link} label="Enrolment link" />
          <span className="dim">
            Hand it over on a way that only they read. It is not shown again, and ends <Moment at={invite.data.expires} />.
          </span>
        </div>
      ) : (
        <Button variant={person.enrolled ? 'default' : 'filled'} loading={invite.isPending} onClick={() => invite.mutate(person.login)}>
          Make a link
        </Button>
      )}
      {invite.error && <ProblemPanel error={invite.error} />}
    </Panel>
  )
}
