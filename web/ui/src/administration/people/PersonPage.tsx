import { useQuery } from '@tanstack/react-query'
import { useParams } from 'react-router'
import { Answer, Facts, Moment, PageTitle, Panel, Tag } from '#frame'
import { Note } from '../../shared/Note'
import { personQuery, type PersonView } from '../../shared/people'
import { roleLabel } from '../../shared/roles'
import { KeysPanel } from './KeysPanel'
import { PersonActs } from './PersonActs'
import { standingOf } from './standing'

/** One person: what they may, how they prove who they are, and how they are let in or kept out. */
export function PersonPage() {
  const { login = '' } = useParams()
  const person = useQuery(personQuery(login))
  return <Answer of={person}>{(found) => <Person key={found.id} person={found} />}</Answer>
}

function Person({ person }: { person: PersonView }) {
  const { words, tone } = standingOf(person, Date.now())
  return (
    <>
      <PageTitle
        title={person.name}
        up={{ to: '/administration/people', label: 'People' }}
        aside={<Tag tone={tone}>{words}</Tag>}
      />
      <div className="stack">
        {person.locked && (
          <Note tone="bad" title="Locked: they can neither sign in nor connect">
            {person.locked}
          </Note>
        )}
        <div className="columns">
          <div className="stack">
            <Panel title="Person">
              <Facts
                facts={[
                  ['Sign-in name', person.login],
                  ['Company', person.vendor ?? 'Hospital'],
                  ['Roles', person.roles.map(roleLabel).join('; ')],
                  ['Mail', person.email ?? 'none: they are told nothing'],
                  ['May come from', person.source_networks.length > 0 ? person.source_networks.join(', ') : 'any network'],
                  ['Valid from', person.valid_from && <Moment key="from" at={person.valid_from} />],
                  ['Valid until', person.valid_until ? <Moment key="until" at={person.valid_until} /> : 'no end'],
                  ['Enrolled', person.enrolled ? 'yes' : 'not yet'],
                  ['Second factor', person.second_factor ? 'yes' : 'not yet'],
                  ['Last sign-in', person.last_sign_in ? <Moment key="last" at={person.last_sign_in} /> : 'never'],
                ]}
              />
            </Panel>
            <KeysPanel person={person} />
          </div>
          <PersonActs person={person} />
        </div>
      </div>
    </>
  )
}
