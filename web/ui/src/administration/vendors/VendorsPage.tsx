import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { Answer, DataTable, EmptyState, Moment, PageTitle, personPath, ReasonDialog, Tag, useMay, type Column, type PlannedAct } from '#frame'
import { vendorsQuery, type VendorView } from '../../shared/people'
import { AddVendor } from './AddVendor'
import { useLockVendor } from './useLockVendor'

/** Companies whose people may come. */
export function VendorsPage() {
  const vendors = useQuery(vendorsQuery())
  const may = useMay()
  const [isAdding, setAdding] = useState(false)
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  const lockOf = useLockVendor()
  const add = may('manage-vendors') && <Button onClick={() => setAdding(true)}>Add a vendor</Button>
  return (
    <>
      <PageTitle title="Vendors" words="A company needs a sponsor of the hospital, who answers for it." actions={add} />
      <Answer of={vendors}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState title="No vendor yet" words="Add the company first, then its people." action={add} />
          ) : (
            <DataTable
              label="Vendors"
              columns={may('lock') ? [...COLUMNS, actsOf((vendor) => setPlanned(lockOf(vendor)))] : COLUMNS}
              rows={all}
              keyOf={({ id }) => id}
              linkOf={({ name }) => `/administration/vendors/${encodeURIComponent(name)}`}
            />
          )
        }
      </Answer>
      <AddVendor isOpen={isAdding} onDone={() => setAdding(false)} />
      <ReasonDialog act={planned} onDone={() => setPlanned(null)} />
    </>
  )
}

const COLUMNS: readonly Column<VendorView>[] = [
  { head: 'Name', cell: ({ name }) => <strong>{name}</strong> },
  { head: 'Sponsor', cell: ({ sponsor }) => sponsor ?? <Tag tone="warn">None</Tag> },
  { head: 'People', cell: ({ people }) => <People logins={people} /> },
  { head: 'Networks', cell: ({ source_networks }) => (source_networks.length > 0 ? source_networks.join(', ') : 'any') },
  { head: 'Valid until', cell: ({ valid_until }) => (valid_until ? <Moment at={valid_until} isBare /> : 'no end') },
  { head: 'State', cell: ({ locked }) => (locked ? <Tag tone="bad">{`Locked: ${locked}`}</Tag> : <Tag tone="good">May come</Tag>) },
]

function People({ logins }: { logins: readonly string[] }) {
  if (logins.length === 0) return <>nobody</>
  return logins.map((login, place) => (
    <span key={login}>
      {place > 0 && ', '}
      <Link to={personPath(login)}>{login}</Link>
    </span>
  ))
}

function actsOf(onLock: (vendor: VendorView) => void): Column<VendorView> {
  return {
    head: 'Acts',
    isActs: true,
    cell: (vendor) => (
      <Button variant="default" size="xs" onClick={() => onLock(vendor)}>
        {vendor.locked ? 'Unlock…' : 'Lock…'}
      </Button>
    ),
  }
}
