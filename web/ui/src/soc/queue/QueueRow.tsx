import { Moment } from '#frame'
import { useEffect, useRef } from 'react'
import { Link } from 'react-router'
import { readContent } from '../alert/content'
import { dispositionLabel } from '../alert/disposition'
import { dueWords, nextDue } from '../alert/due'
import { SeverityMark } from '../alert/SeverityMark'
import type { AlertView } from '../wire'
import classes from './QueueRow.module.css'

interface QueueRowProps {
  alert: AlertView
  now: number
  /** Whether the keyboard is on it. */
  isCurrent: boolean
  onPoint: () => void
}

export function QueueRow({ alert, now, isCurrent, onPoint }: QueueRowProps) {
  const link = useRef<HTMLAnchorElement>(null)
  const content = readContent(alert.content)
  useEffect(() => {
    if (isCurrent && link.current && mayTakeFocus(link.current)) link.current.focus()
  }, [isCurrent])

  return (
    <li className={classes.row} data-current={isCurrent || undefined} data-severity={alert.severity}>
      <SeverityMark severity={alert.severity} />
      <div className={classes.what}>
        <Link ref={link} to={`/soc/alerts/${alert.id}`} className={classes.verdict} onFocus={onPoint}>
          {content.verdict ?? alert.title}
        </Link>
        <div className={classes.who}>
          <Whose alert={alert} />
        </div>
      </div>
      <div className={classes.count}>
        {alert.count > 1 && (
          <>
            <strong>{alert.count}×</strong> first <Moment at={alert.first_at} isBare />
            <br />
          </>
        )}
        {alert.count > 1 && 'last '}
        <Moment at={alert.last_at} isBare />
      </div>
      <Standing alert={alert} now={now} />
    </li>
  )
}

/** The focus follows the keyboard's place inside the queue, and is never taken from elsewhere. */
function mayTakeFocus(link: HTMLElement): boolean {
  const focused = document.activeElement
  return focused === null || focused === document.body || link.closest('ul')?.contains(focused) === true
}

function Whose({ alert }: { alert: AlertView }) {
  const { who, what, outcome } = readContent(alert.content)
  const person = who.name ?? (who.login ? `“${who.login}”, not proven` : null)
  const parts = [
    outcome === 'LIVE NOW' ? null : outcome,
    person && (who.vendor ? `${person}, ${who.vendor}` : person),
    what.name && `to ${what.name}`,
    who.address && `from ${who.address}`,
  ]
  return (
    <>
      {outcome === 'LIVE NOW' && <strong className={classes.live}>LIVE NOW</strong>}
      {parts.filter(Boolean).join(' · ')}
    </>
  )
}

function Standing({ alert, now }: { alert: AlertView; now: number }) {
  if (alert.state === 'closed') {
    return <div className={classes.standing}>{dispositionLabel(alert.disposition ?? 'closed')}</div>
  }
  const next = nextDue(alert, now)
  return (
    <div className={classes.standing}>
      {next && (
        <strong className={classes.due} data-late={next.at < now || undefined}>
          {dueWords(next, now)}
        </strong>
      )}
      <div>{alert.acknowledged_by ? `taken by ${alert.acknowledged_by}` : 'new'}</div>
    </div>
  )
}
