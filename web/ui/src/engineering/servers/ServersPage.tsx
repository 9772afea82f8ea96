import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { Answer, DataTable, EmptyState, PageTitle, SearchField, serverPath, Tag, useMay, type Column } from '#frame'
import { targetsQuery, type TargetView } from '../../shared/servers'

/** Every server behind the gate, at a glance. */
export function ServersPage() {
  const targets = useQuery(targetsQuery())
  const may = useMay()
  const [text, setText] = useState('')
  const add = may('manage-targets') && (
    <Button component={Link} to="/engineering/servers/add">
      Add a server
    </Button>
  )
  return (
    <>
      <PageTitle
        title="Servers"
        aside={targets.data && `${targets.data.length}`}
        actions={
          <>
            <SearchField label="Name, site or unit" value={text} onChange={setText} />
            {add}
          </>
        }
      />
      <Answer of={targets}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState
              title="No server yet"
              words="Vendors reach only servers that are listed here. Have the address, the host keys and the credential at hand."
              action={add}
            />
          ) : (
            <DataTable
              label="Servers"
              columns={COLUMNS}
              rows={all.filter((target) => matches(target, text))}
              keyOf={({ id }) => id}
              linkOf={({ name }) => serverPath(name)}
            />
          )
        }
      </Answer>
    </>
  )
}

function matches({ name, card }: TargetView, text: string): boolean {
  const hay = [name, card.site, card.unit, card.group].join(' ').toLowerCase()
  return hay.includes(text.trim().toLowerCase())
}

const COLUMNS: readonly Column<TargetView>[] = [
  { head: 'Name', cell: ({ name }) => name },
  { head: 'Site', cell: ({ card }) => card.site },
  { head: 'Unit', cell: ({ card }) => card.unit },
  { head: 'Pumps', cell: ({ card }) => card.pumps, isRight: true },
  { head: 'Patient data', cell: ({ card }) => (card.patient_data ? 'yes' : 'no') },
  { head: 'Reached by', cell: ({ endpoints }) => [...new Set(endpoints.map(reachedBy))].join(', ') },
  {
    head: 'State',
    cell: ({ locked, card }) =>
      locked ? <Tag tone="bad">Locked</Tag> : card.in_clinical_use ? <Tag tone="warn">In clinical use</Tag> : <Tag>Ready</Tag>,
  },
]

function reachedBy(endpoint: TargetView['endpoints'][number]): string {
  if (endpoint.kind === 'ssh') return 'SSH'
  if (endpoint.kind === 'tls') return endpoint.http ? 'web console' : 'TLS'
  return 'tunnel'
}
