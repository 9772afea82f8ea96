import { Button, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useMemo, useState } from 'react'
import { useSearchParams } from 'react-router'
import { Answer, EmptyState, PageTitle, SearchField, useHospitalZone, useKeys } from '#frame'
import { freezesQuery, targetsQuery, type FreezeView, type TargetView } from '../../shared/servers'
import { addDays, dayWords, mondayOf, startOfDay, wallAt } from '../../shared/time/zone'
import { windowsQuery, type WindowView } from '../../shared/window/queries'
import { entriesOf } from './entries'
import { Week } from './Week'

/** The week by server: windows and freezes. */
export function SchedulePage() {
  const zone = useHospitalZone()
  const windows = useQuery(windowsQuery())
  const targets = useQuery(targetsQuery())
  const freezes = useQuery(freezesQuery())
  const [search, setSearch] = useSearchParams()
  const [text, setText] = useState('')
  const thisMonday = mondayOf(wallAt(zone, Date.now()).date)
  const monday = mondayIn(search.get('week')) ?? thisMonday

  const goTo = (week: string): void => setSearch(week === thisMonday ? {} : { week }, { replace: true })
  useKeys('This week', [
    { keys: '[', words: 'The week before', run: () => goTo(addDays(monday, -7)) },
    { keys: ']', words: 'The week after', run: () => goTo(addDays(monday, 7)) },
    { keys: 't', words: 'This week', run: () => goTo(thisMonday) },
  ])

  return (
    <>
      <PageTitle
        title="Schedule"
        aside={weekWords(zone, monday)}
        actions={
          <Group gap="xs">
            <SearchField label="Server or vendor" value={text} onChange={setText} />
            <Button variant="default" onClick={() => goTo(addDays(monday, -7))} aria-label="The week before">
              ‹
            </Button>
            <Button variant="default" onClick={() => goTo(thisMonday)} disabled={monday === thisMonday}>
              This week
            </Button>
            <Button variant="default" onClick={() => goTo(addDays(monday, 7))} aria-label="The week after">
              ›
            </Button>
          </Group>
        }
      />
      <Answer of={targets}>
        {(servers) => (
          <Answer of={windows}>
            {(planned) => (
              <Servers servers={servers} windows={planned} freezes={freezes.data ?? []} monday={monday} text={text} />
            )}
          </Answer>
        )}
      </Answer>
    </>
  )
}

interface ServersProps {
  servers: readonly TargetView[]
  windows: readonly WindowView[]
  freezes: readonly FreezeView[]
  monday: string
  text: string
}

function Servers({ servers, windows, freezes, monday, text }: ServersProps) {
  const entries = useMemo(() => entriesOf(windows, freezes), [windows, freezes])
  const wanted = text.trim().toLowerCase()
  const vendorsOf = (name: string): string =>
    windows.filter(({ targets }) => targets.includes(name)).map(({ vendor }) => vendor).join(' ')
  const shown = servers.filter(({ name }) => `${name} ${vendorsOf(name)}`.toLowerCase().includes(wanted))
  if (servers.length === 0) {
    return <EmptyState title="No server yet" words="Add the servers first; then their windows stand here, week by week." />
  }
  if (shown.length === 0) return <EmptyState title="No server is called that" words="Clear the search to see all." />
  return <Week servers={shown} entries={entries} monday={monday} />
}

function mondayIn(text: string | null): string | null {
  return text !== null && /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) ? mondayOf(text) : null
}

function weekWords(zone: string, monday: string): string {
  const at = (day: number): number => startOfDay(zone, addDays(monday, day)) + 12 * 3_600_000
  return `${dayWords(zone, at(0), at(0))} to ${dayWords(zone, at(6), at(6))}`
}
