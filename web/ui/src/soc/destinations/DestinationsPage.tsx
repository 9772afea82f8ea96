import { Answer, EmptyState, PageTitle, useMay } from '#frame'
import { Button } from '@mantine/core'
import { useState } from 'react'
import { useDestinations } from '../queries'
import type { DestinationView } from '../wire'
import { AddDestination } from './AddDestination'
import { Destination } from './Destination'
import classes from './DestinationsPage.module.css'
import { Health } from './Health'

/** Where alerts and events go, whether they arrive, and whether the gate is well. */
export function DestinationsPage() {
  const may = useMay()
  const isTheirs = may('manage-destinations')
  const destinations = useDestinations(isTheirs)
  const [isAdding, setAdding] = useState(false)
  return (
    <>
      <PageTitle
        title="Destinations and health"
        actions={isTheirs && <Button onClick={() => setAdding(true)}>Add a destination</Button>}
      />
      <Health />
      {isTheirs ? (
        <Answer of={destinations}>{(all) => (all.length === 0 ? <Nothing /> : <Destinations all={all} />)}</Answer>
      ) : (
        <p>Where alerts are sent is an administrator's to see and to change.</p>
      )}
      <AddDestination isOpen={isAdding} onDone={() => setAdding(false)} />
    </>
  )
}

function Destinations({ all }: { all: readonly DestinationView[] }) {
  return (
    <ul className={classes.destinations} aria-label="Destinations">
      {all.map((destination) => (
        <Destination key={destination.id} destination={destination} />
      ))}
    </ul>
  )
}

function Nothing() {
  return (
    <EmptyState
      title="Nobody outside is told"
      words="Alerts stay in the queue here until there is a destination: the SIEM's syslog port, or a webhook."
    />
  )
}
