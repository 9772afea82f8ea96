import { Button } from '@mantine/core'
import { Link } from 'react-router'
import { Moment, ProblemPanel, serverPath, spanWords, Tag, useMay, useNow, windowPath } from '#frame'
import type { SessionView } from '../../shared/visits'
import type { WindowView } from '../../shared/window/queries'
import classes from './Now.module.css'
import { useVisitActs } from './useVisitActs'

interface VisitCardProps {
  visit: SessionView
  window: WindowView | undefined
}

/** One open visit with the time left, and what can be done about it. */
export function VisitCard({ visit, window }: VisitCardProps) {
  const may = useMay()
  const acts = useVisitActs(visit, window)
  return (
    <article className={classes.card}>
      <header className={classes.top}>
        <h2 className={classes.server}>
          {visit.person} on <Link to={serverPath(visit.target)}>{visit.target}</Link>
        </h2>
        {visit.awaits_observer ? (
          <Tag tone="warn">Waits for an observer</Tag>
        ) : visit.paused ? (
          <Tag  tone="warn">Input paused</Tag>
        ) : (
          <Tag tone="good" dot="live">
            Live
          </Tag>
        )}
      </header>
      <TimeLeft closes={visit.closes ?? null} />
      <p className={classes.about}>
        {visit.vendor}, from {visit.source}, since <Moment at={visit.started_at ?? visit.admitted_at} />
      </p>
      <p className={classes.about}>
        {visit.account && `as ${visit.account}, `}
        {visit.observers === 0 ? 'nobody watches' : `watched by ${visit.observers}`}
        {window && (
          <>
            , <Link to={windowPath(window.id)}>{window.ticket ?? 'change window'}</Link>
          </>
        )}
      </p>
      {window?.more_time && (
        <p className={classes.asked}>
          Asks for more time, until <Moment at={window.more_time.closes} />: {window.more_time.reason}
        </p>
      )}
      {acts.problem && <ProblemPanel error={acts.problem} />}
      <div className={classes.acts}>
        {window && may('extend-window') && (
          <Button variant={window.more_time ? 'filled' : 'default'} onClick={acts.giveTime}>
            More time…
          </Button>
        )}
        {may('watch-live') && (
          <Button variant="default" component={Link} to={`/soc/live/${visit.id}`}>
            {visit.awaits_observer ? 'Observe' : 'Watch'}
          </Button>
        )}
        {may('pause-input') && (
          <Button variant="default" loading={acts.isRunning} onClick={visit.paused ? acts.resume : acts.pause}>
            {visit.paused ? 'Let input go on' : 'Pause input…'}
          </Button>
        )}
        {may('stop-session') && (
          <Button variant="default" className={classes.cut} onClick={acts.stop}>
            Stop visit…
          </Button>
        )}
      </div>
      {acts.dialogs}
    </article>
  )
}

/** Counts down by the second; the last five minutes stand out. */
function TimeLeft({ closes }: { closes: string | null }) {
  const now = useNow(1_000)
  if (closes === null) return null
  const left = Date.parse(closes) - now
  return (
    <p className={classes.left} data-short={left < 5 * 60_000 || undefined}>
      {left > 0 ? `${spanWords(left)} left` : 'ends now'}
      <span className={classes.until}>
        {' '}
        until <Moment at={closes} />
      </span>
    </p>
  )
}
