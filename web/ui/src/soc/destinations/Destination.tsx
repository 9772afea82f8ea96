import { Button, Group, Text } from '@mantine/core'
import { Moment, ProblemPanel, ReasonDialog, spanWords, useMay, useNow, type PlannedAct } from '#frame'
import { useState } from 'react'
import { useRemoveDestination, useTestDestination } from '../acts'
import type { DestinationView } from '../wire'
import classes from './DestinationsPage.module.css'
import { isStuck, stateWords, testWords } from './health'

export function Destination({ destination }: { destination: DestinationView }) {
  const now = useNow(10_000)
  const may = useMay()
  const age = destination.oldest ? now - Date.parse(destination.oldest) : null
  return (
    <li className={classes.card} data-stuck={isStuck(destination, now) || undefined}>
      <div className={classes.head}>
        <h2 className={classes.name}>{destination.name}</h2>
        <span>{destination.kind}</span>
        <code className={classes.address}>{destination.url}</code>
      </div>
      <p className={classes.state}>{stateWords(destination, now)}</p>
      {destination.oldest && (
        <p className={classes.more}>
          The oldest waits since <Moment at={destination.oldest} />
          {age !== null && ` (${spanWords(Math.max(0, age))})`}
        </p>
      )}
      {destination.last_error && <p className={classes.error}>Last try: {destination.last_error}</p>}
      <p className={classes.more}>{destination.all_events ? 'Gets every event.' : 'Gets alerts only.'}</p>
      {may('manage-destinations') && <Acts destination={destination} />}
    </li>
  )
}

function Acts({ destination }: { destination: DestinationView }) {
  const test = useTestDestination()
  const remove = useRemoveDestination()
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  const planRemoval = (): void =>
    setPlanned({
      title: `Remove ${destination.name}`,
      explains:
        destination.waiting > 0
          ? `Nothing is sent there any more, and the ${destination.waiting} that wait are not sent.`
          : 'Nothing is sent there any more.',
      verb: 'Remove',
      isCut: false,
      run: () => remove.mutateAsync({ name: destination.name }),
    })
  return (
    <>
      <Group gap="xs" mt={4}>
        <Button variant="default" loading={test.isPending} onClick={() => test.mutate({ name: destination.name })}>
          Send a test
        </Button>
        <Button variant="default" onClick={planRemoval}>
          Remove…
        </Button>
        <Text size="sm" role="status">
          {test.data && testWords(test.data)}
        </Text>
      </Group>
      {test.error && <ProblemPanel error={test.error} />}
      <ReasonDialog act={planned} onDone={() => setPlanned(null)} />
    </>
  )
}
