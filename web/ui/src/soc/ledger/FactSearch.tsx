import { Button, Group, TextInput } from '@mantine/core'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Answer, apiGet, DataTable, EmptyState, Moment, Panel, ProblemPanel, useAct, type Column, type Wire } from '#frame'
import { saveFile } from '../../api/save'
import finder from '../visits/VisitsPage.module.css'
import { factsQuery, NO_FACTS, type FactFilter } from './facts'

type Fact = Wire<'FactView'>

/** Facts are fetched only when asked for: a search of the ledger is a fact itself. */
export function FactSearch() {
  const [draft, setDraft] = useState(NO_FACTS)
  const [sought, setSought] = useState<{ filter: FactFilter; after: number } | null>(null)
  const query = sought && factsQuery(sought.filter, sought.after)
  const found = useQuery({
    queryKey: ['ledger-facts', query],
    enabled: query !== null,
    retry: false,
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => apiGet<Wire<'FactsView'>>(`/api/ledger/facts?${query}`, signal),
  })
  const field = (name: keyof FactFilter, label: string, placeholder: string, type = 'text') => (
    <TextInput
      type={type}
      label={label}
      placeholder={placeholder}
      value={draft[name]}
      onChange={(event) => setDraft({ ...draft, [name]: event.currentTarget.value.trim() })}
    />
  )
  return (
    <Panel title="Facts">
      <form
        role="search"
        aria-label="Facts"
        className={finder.finder}
        onSubmit={(event) => {
          event.preventDefault()
          setSought({ filter: draft, after: 0 })
        }}
      >
        {field('kind', 'Kind', 'session-ended')}
        {field('person', 'Person', 'dana')}
        {field('target', 'Server', 'alaris-sm-01')}
        {field('from', 'From', '', 'date')}
        {field('to', 'To', '', 'date')}
        <Button type="submit">Search</Button>
      </form>
      {sought === null ? (
        <p className="dim">Search without any field for the first facts of all. The search itself is kept in the ledger.</p>
      ) : (
        <Answer of={found}>
          {({ facts, next }) => (
            <>
              {facts.length === 0 ? (
                <EmptyState title="No fact fits" words="Take away a part of what you look for." />
              ) : (
                <DataTable label="Facts" columns={COLUMNS} rows={facts} keyOf={({ number }) => String(number)} />
              )}
              <Group mt="sm">
                {sought.after > 0 && (
                  <Button variant="default" onClick={() => setSought({ ...sought, after: 0 })}>
                    Back to the first
                  </Button>
                )}
                {next !== null && next !== undefined && (
                  <Button variant="default" onClick={() => setSought({ ...sought, after: next })}>
                    Next facts
                  </Button>
                )}
              </Group>
            </>
          )}
        </Answer>
      )}
    </Panel>
  )
}

const COLUMNS: Column<Fact>[] = [
  { head: 'Number', cell: ({ number }) => number },
  { head: 'When', cell: ({ at }) => <Moment at={at} isBare /> },
  { head: 'Kind', cell: ({ kind }) => kind },
  { head: 'Who', cell: ({ person }) => person ?? '' },
  { head: 'Server', cell: ({ target }) => target ?? '' },
  {
    head: 'More',
    cell: ({ body }) =>
      body ? (
        <details>
          <summary>Show</summary>
          <pre style={{ margin: 0, whiteSpace: 'pre-wrap', overflowWrap: 'anywhere', fontSize: 12 }}>{JSON.stringify(body, null, 1)}</pre>
        </details>
      ) : (
        'words removed by retention'
      ),
  },
  { head: 'Proof', isActs: true, cell: (fact) => <Proof fact={fact} /> },
]

function Proof({ fact: { number } }: { fact: Fact }) {
  const save = useAct([], (_now: undefined) =>
    saveFile(new Request(`/api/ledger/proof/inclusion?fact=${number}&format=text`), `fact-${number}.tlog-proof`),
  )
  return (
    <>
      <Button size="xs" variant="default" loading={save.isPending} onClick={() => save.mutate(undefined)} aria-label={`Proof of fact ${number}`}>
        Proof
      </Button>
      {save.error && <ProblemPanel error={save.error} />}
    </>
  )
}
