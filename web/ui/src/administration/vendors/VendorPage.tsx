import { useQuery } from '@tanstack/react-query'
import { Link, useParams } from 'react-router'
import { Answer, EmptyState, Facts, Moment, PageTitle, Panel, personPath, Tag } from '#frame'
import { Note } from '../../shared/Note'
import { vendorsQuery, type VendorView } from '../../shared/people'
import { Authorities } from './Authorities'

/** One company: who comes from it, from where, and the keys that sign certificates for its people. */
export function VendorPage() {
  const { name = '' } = useParams()
  return (
    <Answer of={useQuery(vendorsQuery())}>
      {(all) => {
        const vendor = all.find((each) => each.name === name)
        return vendor ? (
          <Vendor key={vendor.id} vendor={vendor} />
        ) : (
          <EmptyState title="There is no such vendor" words="It may have another name now, or the link is cut short." />
        )
      }}
    </Answer>
  )
}

function Vendor({ vendor }: { vendor: VendorView }) {
  return (
    <>
      <PageTitle
        title={vendor.name}
        up={{ to: '/administration/vendors', label: 'Vendors' }}
        aside={vendor.locked ? <Tag tone="bad">Locked</Tag> : <Tag tone="good">May come</Tag>}
      />
      <div className="stack">
        {vendor.locked && (
          <Note tone="bad" title="Locked: none of its people gets in">
            {vendor.locked}
          </Note>
        )}
        <Panel title="Company">
          <Facts
            facts={[
              ['Sponsor', vendor.sponsor ?? 'none: somebody of the hospital has to answer for it'],
              ['People', <People key="people" logins={vendor.people} />],
              ['May come from', vendor.source_networks.length > 0 ? vendor.source_networks.join(', ') : 'any network'],
              ['Valid until', vendor.valid_until ? <Moment key="until" at={vendor.valid_until} /> : 'no end'],
            ]}
          />
        </Panel>
        <Authorities vendor={vendor.name} />
      </div>
    </>
  )
}

function People({ logins }: { logins: readonly string[] }) {
  if (logins.length === 0) return <>nobody</>
  return logins.map((login, place) => (
    <span key={login}>
      {place > 0 && ', '}
      <Link to={personPath(login)}>{login}</Link>
    </span>
  ))
}
