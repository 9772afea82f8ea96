import { useQuery } from '@tanstack/react-query'
import { Answer, EmptyState, PageTitle, useNow } from '#frame'
import { Link } from 'react-router'
import { liveVisitsQuery, type SessionView } from '../../shared/visits'
import { windowsQuery, type WindowView } from '../../shared/window/queries'
import { OpenWindow } from './OpenWindow'
import classes from './Now.module.css'
import { VisitCard } from './VisitCard'

/** Who is on which server at this moment, and for how long still. */
export function NowPage() {
  const visits = useQuery(liveVisitsQuery())
  const windows = useQuery(windowsQuery())
  return (
    <>
      <PageTitle title="Now" words="Visits that are open at this moment." />
      <Answer of={visits}>{(live) => <Live visits={live} windows={windows.data ?? []} />}</Answer>
    </>
  )
}

function Live({ visits, windows }: { visits: readonly SessionView[]; windows: readonly WindowView[] }) {
  const now = useNow(10_000)
  const visited = new Set(visits.map((visit) => visit.window))
  const unused = windows.filter(({ id, state, closes }) => state === 'open' && Date.parse(closes) > now && !visited.has(id))
  return (
    <div className={classes.parts}>
      {visits.length === 0 ? (
        <EmptyState
          title="Nobody is on a server"
          words={
            <>
              A visit appears here as soon as somebody connects. What is planned stands in the{' '}
              <Link to="/engineering/schedule">schedule</Link>.
            </>
          }
        />
      ) : (
        <ul className={classes.cards} aria-label="Open visits">
          {visits.map((visit) => (
            <li key={visit.id}>
              <VisitCard visit={visit} window={windows.find(({ id }) => id === visit.window)} />
            </li>
          ))}
        </ul>
      )}
      {unused.length > 0 && (
        <section>
          <h2 className={classes.heading}>Open windows without a visit</h2>
          <ul className={classes.cards}>
            {unused.map((window) => (
              <li key={window.id}>
                <OpenWindow window={window} />
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}
