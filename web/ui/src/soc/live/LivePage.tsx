import {
  Answer,
  EmptyState,
  Moment,
  PageTitle,
  ReasonDialog,
  spanWords,
  useNow,
  type PlannedAct,
} from '#frame'
import { Anchor, Button } from '@mantine/core'
import { useState } from 'react'
import { Link } from 'react-router'
import { LOCKING, useEverythingLock, useLockEverything } from '../../shared/everything'
import { useVisits } from '../queries'
import { byTimeLeft, isLive, protocolWords, timeLeft, visitLength, visitStateWords } from '../visit/visit'
import { VisitActs } from '../visit/VisitActs'
import { NO_FILTER } from '../visits/filter'
import type { SessionView } from '../wire'
import classes from './LivePage.module.css'

/** Everybody who is on a server now, the one whose window closes first on top. */
export function LivePage() {
  const visits = useVisits({ ...NO_FILTER, state: 'live' })
  const now = useNow(1_000)
  const live = byTimeLeft((visits.data ?? []).filter(isLive))
  return (
    <>
      <PageTitle
        title="Live"
        aside={visits.data && <>{live.length === 1 ? '1 visit' : `${live.length} visits`} now</>}
        actions={<LockEverything />}
      />
      <Answer of={visits}>{() => (live.length === 0 ? <Nobody /> : <Tiles visits={live} now={now} />)}</Answer>
    </>
  )
}

function LockEverything() {
  const lock = useEverythingLock()
  const { mutateAsync } = useLockEverything()
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  if (!lock.data?.yours || lock.data.since) return null
  return (
    <>
      <Button
        color="red"
        variant="outline"
        onClick={() => setPlanned({ ...LOCKING, run: (reason) => mutateAsync({ act: 'lock', reason }) })}
      >
        Lock everything…
      </Button>
      <ReasonDialog act={planned} onDone={() => setPlanned(null)} />
    </>
  )
}

function Nobody() {
  return (
    <EmptyState
      title="Nobody is on a server"
      words="Visits appear here while they run. Those that are over are under Visits."
    />
  )
}

function Tiles({ visits, now }: { visits: readonly SessionView[]; now: number }) {
  return (
    <ul className={classes.tiles} aria-label="Live visits">
      {visits.map((visit) => (
        <Tile key={visit.id} visit={visit} now={now} />
      ))}
    </ul>
  )
}

function Tile({ visit, now }: { visit: SessionView; now: number }) {
  const left = timeLeft(visit, now)
  const length = visitLength(visit, now)
  return (
    <li className={classes.tile} data-paused={visit.paused || visit.awaits_observer || undefined}>
      <div className={classes.head}>
        <Anchor component={Link} to={`/soc/live/${visit.id}`} className={classes.target}>
          {visit.target}
        </Anchor>
        <strong className={classes.left} data-short={(left !== null && left < 300_000) || undefined}>
          {left === null ? 'end not known' : left >= 0 ? `${spanWords(left)} left` : 'closing'}
        </strong>
      </div>
      <p className={classes.person}>
        <strong>{visit.person}</strong>
        {visit.vendor && `, ${visit.vendor}`}
        {visit.account && ` as ${visit.account}`}
      </p>
      <p className={classes.more}>
        {protocolWords(visit)}, from {visit.source} since <Moment at={visit.started_at ?? visit.admitted_at} />
        {length !== null && ` (${spanWords(length)})`}
      </p>
      <p className={classes.more}>
        {visitStateWords(visit)}
        {visit.channels !== undefined && `, ${visit.channels === 1 ? '1 channel' : `${visit.channels} channels`}`}
        {watchers(visit.observers ?? 0)}
      </p>
      <div className={classes.acts}>
        <Button component={Link} to={`/soc/live/${visit.id}`} variant={visit.awaits_observer ? 'filled' : 'light'}>
          {visit.awaits_observer ? 'Observe' : 'Watch'}
        </Button>
        <VisitActs visit={visit} />
      </div>
    </li>
  )
}

function watchers(count: number): string {
  if (count === 0) return ', nobody watches'
  return count === 1 ? ', 1 person watches' : `, ${count} people watch`
}
