import { SegmentedControl } from '@mantine/core'
import { useMediaQuery } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useMemo } from 'react'
import { Link, useNavigate, useParams, useSearchParams } from 'react-router'
import { Answer, EmptyState, PageTitle, useKeys, useNow } from '#frame'
import { windowsQuery, type WindowView } from '../../shared/window/queries'
import { WindowDetail } from '../window/WindowDetail'
import { readShown, SHOWN, windowsUnder, type Shown } from './order'
import { RequestRow } from './RequestRow'
import classes from './RequestsPage.module.css'

/** Requests on the left, the chosen one on the right; on a phone one after the other. */
export function RequestsPage() {
  const windows = useQuery(windowsQuery())
  const [search, setSearch] = useSearchParams()
  const shown = readShown(search.get('show'))
  return (
    <>
      <PageTitle
        title="Requests"
        actions={
          <SegmentedControl
            aria-label="Which windows"
            data={[...SHOWN]}
            value={shown}
            onChange={(value) => setSearch({ show: value }, { replace: true })}
          />
        }
      />
      <Answer of={windows}>{(all) => <ListAndDetail all={all} shown={shown} />}</Answer>
    </>
  )
}

function ListAndDetail({ all, shown }: { all: readonly WindowView[]; shown: Shown }) {
  const { id } = useParams()
  const navigate = useNavigate()
  const now = useNow(30_000)
  const isWide = useMediaQuery('(min-width: 1000px)', undefined, { getInitialValueInEffect: false })
  const listed = useMemo(() => windowsUnder(shown, all, now), [shown, all, now])
  const chosen = all.find((window) => window.id === id) ?? (isWide && id === undefined ? listed[0] : undefined)

  const step = (by: number): void => {
    const at = listed.findIndex((window) => window.id === chosen?.id)
    const next = listed[Math.max(0, Math.min(at + by, listed.length - 1))]
    if (next) void navigate({ pathname: `/engineering/requests/${next.id}`, search: location.search }, { replace: true })
  }
  useKeys('This list', [
    { keys: 'j', words: 'Next', run: () => step(1) },
    { keys: 'k', words: 'Previous', run: () => step(-1) },
  ])

  if (listed.length === 0 && chosen === undefined) return <NothingHere shown={shown} />
  return (
    <div className={classes.desk} data-chosen={id === undefined ? undefined : true}>
      <ul className={classes.list} aria-label="Windows">
        {listed.map((window) => (
          <li key={window.id}>
            <RequestRow window={window} isChosen={window.id === chosen?.id} />
          </li>
        ))}
      </ul>
      <div className={classes.detail}>
        {id !== undefined && (
          <Link className={classes.back} to={`/engineering/requests?show=${shown}`}>
            ‹ All requests
          </Link>
        )}
        {chosen && <WindowDetail key={chosen.id} window={chosen} hasHeading />}
        {id !== undefined && !chosen && (
          <EmptyState title="There is no such window" words="It may be of another site, or the link is cut short." />
        )}
      </div>
    </div>
  )
}

const NOTHING: Record<Shown, [title: string, words: string]> = {
  waiting: ['No request waits for you', 'New requests appear here by themselves. What is agreed already stands under Coming.'],
  coming: ['Nothing is planned', 'Windows that you approve appear here until they close.'],
  past: ['Nothing is over yet', 'Windows that have closed, or were denied, are kept here.'],
}

function NothingHere({ shown }: { shown: Shown }) {
  const [title, words] = NOTHING[shown]
  return <EmptyState title={title} words={words} />
}
