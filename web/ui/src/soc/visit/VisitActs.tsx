import { Button, Group } from '@mantine/core'
import { ReasonDialog, useMay, type PlannedAct } from '#frame'
import { useState } from 'react'
import { useVisitAct } from '../acts'
import type { SessionView } from '../wire'
import { isLive } from './visit'

/** Pause or resume input, and stop: for whoever may, while the visit is live. */
export function VisitActs({ visit }: { visit: SessionView }) {
  const may = useMay()
  const { mutateAsync } = useVisitAct()
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  if (!isLive(visit)) return null

  const whose = `${visit.person} on ${visit.target}`
  const plan = (act: 'pause' | 'resume' | 'stop', words: Omit<PlannedAct, 'run'>): void =>
    setPlanned({ ...words, run: (reason) => mutateAsync({ id: visit.id, act, reason }) })

  return (
    <Group gap="xs">
      {may('pause-input') && !visit.paused && (
        <Button
          variant="default"
          onClick={() =>
            plan('pause', {
              title: `Pause input of ${whose}`,
              explains: 'What they type does not reach the server. Output still flows and is recorded. Open programs go on.',
              verb: 'Pause input',
              isCut: false,
            })
          }
        >
          Pause input
        </Button>
      )}
      {may('pause-input') && visit.paused && (
        <Button
          variant="default"
          onClick={() =>
            plan('resume', {
              title: `Resume input of ${whose}`,
              explains: 'What they type reaches the server again.',
              verb: 'Resume input',
              isCut: false,
            })
          }
        >
          Resume input
        </Button>
      )}
      {may('stop-session') && (
        <Button
          color="red"
          variant="outline"
          onClick={() =>
            plan('stop', {
              title: `Stop the visit of ${whose}`,
              explains:
                'The connection is cut at once, in whatever state it is. Programs that were started on the server may run on. The technician reads your reason.',
              verb: 'Stop visit',
              isCut: true,
            })
          }
        >
          Stop visit
        </Button>
      )}
      <ReasonDialog act={planned} onDone={() => setPlanned(null)} />
    </Group>
  )
}
