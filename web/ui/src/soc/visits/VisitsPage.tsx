import { Answer, EmptyState, PageTitle, useMay } from '#frame'
import { Button, Group, Select, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import { useSearchParams } from 'react-router'
import { useVisits } from '../queries'
import { filterAddress, filterFromAddress, isFiltered, NO_FILTER, VISITS_A_PAGE, type VisitFilter } from './filter'
import type { SessionView } from '../wire'
import { SearchHits } from './SearchHits'
import { TextFinder } from './TextFinder'
import { VisitRow } from './VisitRow'
import classes from './VisitsPage.module.css'

/** Every visit that there was, to be found by who, where and when, and by what was on its screen. */
export function VisitsPage() {
  const [address, setAddress] = useSearchParams()
  const filter = filterFromAddress(address)
  const may = useMay()
  const find = (next: VisitFilter): void => setAddress(filterAddress(next))
  if (filter.text === '') return <Visits filter={filter} onFind={find} />
  return (
    <>
      <PageTitle title="Visits" />
      {may('search-evidence') && <TextFinder filter={filter} onFind={find} />}
      <Finder filter={filter} onFind={find} />
      {filter.vendor !== '' || filter.state !== '' ? (
        <p className="dim">A search for text knows no vendor and no state: it looks at visits of all.</p>
      ) : null}
      <SearchHits filter={filter} />
    </>
  )
}

interface FilteredProps {
  filter: VisitFilter
  onFind: (next: VisitFilter) => void
}

function Visits({ filter, onFind: find }: FilteredProps) {
  const may = useMay()
  const visits = useVisits(filter)
  const shown = (visits.data ?? []).toReversed()
  const oldest = shown.at(-1)

  return (
    <>
      <PageTitle title="Visits" aside={visits.data && <>{shown.length} shown, newest first</>} />
      {may('search-evidence') && <TextFinder filter={filter} onFind={find} />}
      <Finder filter={filter} onFind={find} />
      <Answer of={visits}>
        {() => (shown.length === 0 ? <Nothing isFiltered={isFiltered(filter)} /> : <Found visits={shown} />)}
      </Answer>
      <Group mt="md">
        {filter.before !== '' && (
          <Button variant="default" onClick={() => find({ ...filter, before: '' })}>
            Back to the newest
          </Button>
        )}
        {oldest && shown.length === VISITS_A_PAGE && (
          <Button variant="default" onClick={() => find({ ...filter, before: oldest.id })}>
            Older visits
          </Button>
        )}
      </Group>
    </>
  )
}

function Found({ visits }: { visits: readonly SessionView[] }) {
  return (
    <ul className={classes.visits} aria-label="Visits">
      {visits.map((visit) => (
        <VisitRow key={visit.id} visit={visit} />
      ))}
    </ul>
  )
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <EmptyState title="No visit fits" words="Take away a part of what you look for." />
  ) : (
    <EmptyState title="There was no visit yet" words="Each visit appears here when it begins." />
  )
}

/** What is typed is looked for when the reader pauses, or at once with Enter. */
function Finder({ filter, onFind }: FilteredProps) {
  const [draft, setDraft] = useState(filter)
  const change = (part: Partial<VisitFilter>): void => setDraft({ ...draft, ...part })
  const set = (part: Partial<VisitFilter>): void => onFind({ ...draft, ...part, before: '' })
  const isChanged = draft.person !== filter.person || draft.vendor !== filter.vendor || draft.target !== filter.target

  const found = filterAddress(filter).toString()
  useEffect(() => setDraft(filterFromAddress(new URLSearchParams(found))), [found])
  useEffect(() => {
    if (!isChanged) return
    const pause = setTimeout(() => onFind({ ...draft, before: '' }), 700)
    return () => clearTimeout(pause)
  })

  const text = (name: 'person' | 'vendor' | 'target', label: string, example: string) => (
    <TextInput
      label={label}
      placeholder={example}
      value={draft[name]}
      data-search={name === 'person' || undefined}
      onChange={(event) => change({ [name]: event.currentTarget.value })}
    />
  )
  const day = (name: 'from' | 'to', label: string) => (
    <TextInput type="date" label={label} value={draft[name]} onChange={(event) => set({ [name]: event.currentTarget.value })} />
  )

  return (
    <form
      role="search"
      className={classes.finder}
      onSubmit={(event) => {
        event.preventDefault()
        set({})
      }}
    >
      {text('person', 'Person', 'dana')}
      {text('vendor', 'Vendor', 'Meridian Infusion')}
      {text('target', 'Server', 'alaris-sm-01')}
      {day('from', 'From')}
      {day('to', 'To')}
      <Select
        label="State"
        value={draft.state}
        data={[
          { value: '', label: 'Any' },
          { value: 'live', label: 'Live' },
          { value: 'ended', label: 'Ended' },
        ]}
        allowDeselect={false}
        onChange={(state) => set({ state: (state ?? '') as VisitFilter['state'] })}
      />
      <Button variant="default" disabled={!isFiltered(filter)} onClick={() => onFind(NO_FILTER)}>
        Clear
      </Button>
    </form>
  )
}
