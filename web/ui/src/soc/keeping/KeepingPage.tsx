import { useQuery } from '@tanstack/react-query'
import { Answer, apiGet, DataTable, EmptyState, Moment, PageTitle, Panel, type Column, type Wire } from '#frame'
import { keepKindWords } from '../evidence/keep'
import { retentionQuery } from '../evidence/queries'
import { Waiting } from '../evidence/Waiting'

/** How long evidence is kept, by class; what waits for a second person; what the last run deleted. */
export function KeepingPage() {
  const retention = useQuery(retentionQuery())
  return (
    <>
      <PageTitle title="Keeping" words="Lengthening takes a lead; whatever shortens it takes two people." />
      <Answer of={retention}>
        {({ classes, assigned }) => (
          <div className="stack">
            <Panel title="Classes">
              <DataTable label="Classes" columns={CLASSES} rows={classes} keyOf={({ name }) => name} />
            </Panel>
            <Panel title="Servers and vendors with a class of their own">
              {assigned.length === 0 ? (
                <EmptyState title="None" words="The evidence of every server is kept by the class standard." />
              ) : (
                <DataTable label="Assigned" columns={ASSIGNED} rows={assigned} keyOf={({ kind, name }) => `${kind} ${name}`} />
              )}
            </Panel>
            <Waiting />
            <LastRun />
          </div>
        )}
      </Answer>
    </>
  )
}

const CLASSES: Column<Wire<'ClassView'>>[] = [
  { head: 'Class', cell: ({ name }) => <strong>{name}</strong> },
  { head: 'Recordings', cell: ({ recordings_days }) => `${recordings_days} days` },
  { head: 'Words of facts', cell: ({ facts_days }) => `${facts_days} days` },
]

const ASSIGNED: Column<Wire<'AssignedView'>>[] = [
  { head: 'What', cell: ({ kind, name }) => `${keepKindWords(kind)} ${name}` },
  { head: 'Class', cell: ({ class: name }) => name },
]

/** Retention's own facts of the last two days: each run that did something, or stopped, is one. */
function LastRun() {
  const runs = useQuery({
    queryKey: ['keeping', 'runs'],
    queryFn: async ({ signal }) => {
      const from = new Date(Date.now() - 2 * 86_400_000).toISOString()
      const of = (kind: string) =>
        apiGet<Wire<'FactsView'>>(`/api/ledger/facts?kind=${kind}&from=${from}&limit=1000&reason=the+keeping+page`, signal)
      const both = await Promise.all([of('retention-ran'), of('retention-stopped')])
      return both.flatMap(({ facts }) => facts).toSorted((a, b) => b.number - a.number)[0] ?? null
    },
  })
  return (
    <Panel title="Last run">
      <Answer of={runs} lines={1}>
        {(run) =>
          run ? (
            <div>
              <strong>{run.kind === 'retention-stopped' ? 'Stopped' : 'Ran'}</strong> <Moment at={run.at} />
              <pre style={{ margin: 0, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere' }}>{JSON.stringify(run.body, null, 1)}</pre>
            </div>
          ) : (
            <p className="dim">Nothing was deleted, and nothing stopped, in the last two days.</p>
          )
        }
      </Answer>
    </Panel>
  )
}
