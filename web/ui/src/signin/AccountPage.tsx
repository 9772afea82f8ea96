import { EmptyState, Facts, Moment, PageTitle, Panel, spanWords, Tag, useMe, useNow, type Wire } from '#frame'
import { roleLabel } from '../shared/roles'
import { KeyRows } from '../shared/KeyRows'

/** Who I am to the gate: keys, second factor, roles, and until when. */
export function AccountPage() {
  const { person, roles, signed_in_at, token_expires } = useMe()
  return (
    <>
      <PageTitle title="My keys and roles" words={`${person.name} (${person.login})`} />
      <div className="columns">
        <Panel title="SSH keys">
          {person.keys.length === 0 ? (
            <EmptyState
              title="No key yet"
              words="Send your public key (the one line of the .pub file) to an administrator of the hospital, who adds it."
            />
          ) : (
            <KeyRows keys={person.keys} />
          )}
        </Panel>
        <Panel title="Sign-in">
          <Facts
            facts={[
              ['Second factor', <SecondFactor key="second" person={person} />],
              ['Roles', roles.map(roleLabel).join(', ')],
              ['Company', person.vendor],
              ['May come from', person.source_networks.length > 0 ? person.source_networks.join(', ') : 'any network'],
              ['Valid until', person.valid_until && <Moment at={person.valid_until} />],
              ['Signed in', signed_in_at && <Moment at={signed_in_at} />],
              ['Signed out', <SignedOut key="out" until={token_expires} />],
            ]}
          />
        </Panel>
      </div>
    </>
  )
}

function SecondFactor({ person }: { person: Wire<'PersonView'> }) {
  return person.second_factor ? <Tag tone="good">Enrolled</Tag> : <Tag tone="warn">Missing: ask for an enrolment link</Tag>
}

function SignedOut({ until }: { until: string }) {
  const now = useNow(10_000)
  return (
    <>
      <Moment at={until} /> (in {spanWords(Date.parse(until) - now)})
    </>
  )
}
