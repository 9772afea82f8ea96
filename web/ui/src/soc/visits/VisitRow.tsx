import { endWords, Moment, spanWords, Tag, useNow, type Tone } from '#frame'
import { Link } from 'react-router'
import { isContinued, isLive, protocolWords, visitLength, visitStateWords } from '../visit/visit'
import type { SessionView } from '../wire'
import classes from './VisitRow.module.css'

export function VisitRow({ visit }: { visit: SessionView }) {
  const now = useNow(30_000)
  const length = visitLength(visit, now)
  const isNow = isLive(visit)
  return (
    <li className={classes.row}>
      <div className={classes.when}>
        <Moment at={visit.started_at ?? visit.admitted_at} isBare />
        {length !== null && <div className={classes.more}>{spanWords(length)}</div>}
      </div>
      <div className={classes.who}>
        <Link to={isNow ? `/soc/live/${visit.id}` : `/soc/visits/${visit.id}`} className={classes.link}>
          {visit.person} on {visit.target}
        </Link>
        <div className={classes.more}>
          {[
            isContinued(visit) && 'continues after a lost connection',
            visit.vendor,
            protocolWords(visit),
            visit.account && `as ${visit.account}`,
            `from ${visit.source}`,
          ]
            .filter(Boolean)
            .join(', ')}
        </div>
      </div>
      <div className={classes.end}>
        <Badges visit={visit} />
        {visit.end_reason && <div className={classes.more}>{endWords(visit.end_reason)}</div>}
      </div>
    </li>
  )
}

function Badges({ visit }: { visit: SessionView }) {
  const isNow = isLive(visit)
  return (
    <div className={classes.badges}>
      <Tag tone={toneOf(visit)} {...(isNow ? { dot: 'live' } : {})}>
        {visitStateWords(visit)}
      </Tag>
      {!isNow && visit.state !== 'never-started' && (
        <Tag>{visit.sealed ? 'Recording sealed' : 'Recording not sealed'}</Tag>
      )}
    </div>
  )
}

function toneOf(visit: SessionView): Tone {
  if (visit.state === 'lost') return 'bad'
  if (!isLive(visit)) return 'neutral'
  return visit.paused ? 'warn' : 'good'
}
