import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { Answer, DataTable, EmptyState, Moment, PageTitle, personPath, SearchField, Tag, useMay, type Column } from '#frame'
import { peopleQuery, type PersonView } from '../../shared/people'
import { roleLabel } from '../../shared/roles'
import { standingOf } from './standing'

/** Everybody whom the gate knows. */
export function PeoplePage() {
  const people = useQuery(peopleQuery())
  const may = useMay()
  const [text, setText] = useState('')
  return (
    <>
      <PageTitle
        title="People"
        aside={people.data && String(people.data.length)}
        actions={
          <>
            <SearchField label="Name, company or role" value={text} onChange={setText} />
            {may('manage-people') && (
              <Button component={Link} to="/administration/people/add">
                Add a person
              </Button>
            )}
          </>
        }
      />
      <Answer of={people}>
        {(all) => {
          const found = all.filter((person) => matches(person, text))
          if (found.length === 0) return <EmptyState title="Nobody is called that" words="Clear the search to see everybody." />
          return (
            <DataTable label="People" columns={COLUMNS} rows={found} keyOf={({ id }) => id} linkOf={({ login }) => personPath(login)} />
          )
        }}
      </Answer>
    </>
  )
}

function matches({ login, name, vendor, roles }: PersonView, text: string): boolean {
  return [login, name, vendor, ...roles.map(roleLabel)].join(' ').toLowerCase().includes(text.trim().toLowerCase())
}

const COLUMNS: readonly Column<PersonView>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Sign-in name', cell: ({ login }) => login },
  { head: 'Company', cell: ({ vendor }) => vendor ?? 'Hospital' },
  { head: 'Roles', cell: ({ roles }) => roles.map(roleLabel).join(', ') },
  { head: 'Last sign-in', cell: ({ last_sign_in }) => (last_sign_in ? <Moment at={last_sign_in} isBare /> : 'never') },
  {
    head: 'State',
    cell: (person) => {
      const { words, tone } = standingOf(person, Date.now())
      return <Tag tone={tone}>{words}</Tag>
    },
  },
]
