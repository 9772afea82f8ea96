import { Button } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Answer, api, bodyOf, DataTable, EmptyState, Moment, PageTitle, Tag, useAct, useMay, useNow, type Column } from '#frame'
import { DialogForm, FormDialog } from '../../shared/FormDialog'
import { freezesQuery, type FreezeView } from '../../shared/servers'
import { AddFreeze } from './AddFreeze'

/** Times in which no window of some servers may open. */
export function FreezesPage() {
  const freezes = useQuery(freezesQuery())
  const may = useMay()
  const [isAdding, setAdding] = useState(false)
  const [lifted, setLifted] = useState<FreezeView | null>(null)
  const now = useNow(60_000)
  const add = may('manage-freezes') && <Button onClick={() => setAdding(true)}>Add a freeze</Button>
  return (
    <>
      <PageTitle title="Freezes" words="While a freeze holds, no window opens on its servers, whatever was approved." actions={add} />
      <Answer of={freezes}>
        {(all) =>
          all.length === 0 ? (
            <EmptyState title="No freeze" words="Add one when nobody may work on servers: a drug library goes out, a ward moves, holidays." />
          ) : (
            <DataTable
              label="Freezes"
              columns={columnsAt(now, may('manage-freezes') ? setLifted : null)}
              rows={[...all].sort((a, b) => (a.from ?? '').localeCompare(b.from ?? ''))}
              keyOf={({ id }) => id}
            />
          )
        }
      </Answer>
      <AddFreeze isOpen={isAdding} onDone={() => setAdding(false)} />
      <FormDialog title="Lift the freeze" isOpen={lifted !== null} onDone={() => setLifted(null)}>
        {lifted && <Lift freeze={lifted} onDone={() => setLifted(null)} />}
      </FormDialog>
    </>
  )
}

function Lift({ freeze, onDone }: { freeze: FreezeView; onDone: () => void }) {
  const lift = useAct(['freezes'], (id: string) =>
    bodyOf(api.DELETE('/api/freezes/{freeze}', { params: { path: { freeze: id } } })),
  )
  return (
    <DialogForm verb="Lift it" canRun run={() => lift.mutateAsync(freeze.id)} onDone={onDone}>
      <div>
        <strong>{freeze.reason}</strong>
        <p className="dim">Windows that are approved for {serversOf(freeze)} open again at their times.</p>
      </div>
    </DialogForm>
  )
}

function columnsAt(now: number, onLift: ((freeze: FreezeView) => void) | null): Column<FreezeView>[] {
  const columns: Column<FreezeView>[] = [
    { head: 'Reason', cell: ({ reason }) => <strong>{reason}</strong> },
    { head: 'Servers', cell: serversOf },
    { head: 'From', cell: ({ from }) => (from ? <Moment at={from} /> : 'always') },
    { head: 'Until', cell: ({ until }) => (until ? <Moment at={until} /> : 'lifted') },
    { head: 'State', cell: (freeze) => <FreezeTag freeze={freeze} now={now} /> },
  ]
  if (onLift === null) return columns
  const acts: Column<FreezeView> = {
    head: 'Acts',
    isActs: true,
    cell: (freeze) => (
      <Button variant="default" size="xs" onClick={() => onLift(freeze)}>
        Lift…
      </Button>
    ),
  }
  return [...columns, acts]
}

function FreezeTag({ freeze, now }: { freeze: FreezeView; now: number }) {
  if (freeze.until && Date.parse(freeze.until) <= now) return <Tag>Over</Tag>
  if (freeze.from && Date.parse(freeze.from) > now) return <Tag tone="info">Ahead</Tag>
  return <Tag tone="warn">Holds now</Tag>
}

function serversOf({ targets }: FreezeView): string {
  return targets.length === 0 ? 'all servers' : targets.join(', ')
}
