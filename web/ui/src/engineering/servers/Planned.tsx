import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { Answer, Moment, Panel, Span, Tag, useMay, visitPath, windowPath } from '#frame'
import { freezesQuery } from '../../shared/servers'
import { endWords, visitsToQuery, type SessionView } from '../../shared/visits'
import { windowsQuery } from '../../shared/window/queries'
import { isAhead, purposeLabel } from '../../shared/window/state'
import { WindowTag } from '../../shared/window/WindowTag'
import classes from './Server.module.css'

/** Windows and freezes of a server that are not over. */
export function Planned({ name }: { name: string }) {
  const windows = useQuery(windowsQuery())
  const freezes = useQuery(freezesQuery())
  const now = Date.now()
  const frozen = (freezes.data ?? []).filter(
    ({ targets, until }) => (targets.length === 0 || targets.includes(name)) && (!until || Date.parse(until) > now),
  )
  return (
    <Panel title="Planned">
      <Answer of={windows} lines={2}>
        {(all) => {
          const ahead = all.filter((window) => window.targets.includes(name) && isAhead(window, now))
          if (ahead.length === 0 && frozen.length === 0) return <p className="dim">Nothing is planned.</p>
          return (
            <ul className={classes.list}>
              {frozen.map((freeze) => (
                <li key={freeze.id}>
                  <strong>Freeze: </strong>
                  {freeze.reason}
                  {freeze.from && freeze.until && (
                    <div className="dim">
                      <Span from={freeze.from} until={freeze.until} />
                    </div>
                  )}
                </li>
              ))}
              {ahead
                .sort((a, b) => a.opens.localeCompare(b.opens))
                .map((window) => (
                  <li key={window.id}>
                    <div className={classes.line}>
                      <Link to={windowPath(window.id)}>
                        <Span from={window.opens} until={window.closes} />
                      </Link>
                      <WindowTag window={window} />
                    </div>
                    <div className="dim">
                      {purposeLabel(window.purpose)}, {window.technicians.join(', ')} ({window.vendor})
                    </div>
                  </li>
                ))}
            </ul>
          )
        }}
      </Answer>
    </Panel>
  )
}

/** The newest visits to a server. */
export function Visited({ name }: { name: string }) {
  const visits = useQuery(visitsToQuery(name))
  return (
    <Panel title="Visits lately">
      <Answer of={visits} lines={2}>
        {(all) =>
          all.length === 0 ? (
            <p className="dim">Nobody has been there yet.</p>
          ) : (
            <ul className={classes.list}>
              {[...all].reverse().map((visit) => (
                <li key={visit.id}>
                  <VisitLine visit={visit} />
                </li>
              ))}
            </ul>
          )
        }
      </Answer>
    </Panel>
  )
}

function VisitLine({ visit }: { visit: SessionView }) {
  const may = useMay()
  const when = <Moment at={visit.started_at ?? visit.admitted_at} />
  return (
    <div className={classes.line}>
      {may('replay') ? <Link to={visitPath(visit.id)}>{when}</Link> : when}
      <span>
        {visit.person}
        {visit.vendor && ` (${visit.vendor})`}
      </span>
      {visit.state === 'live' ? (
        <Tag tone="good" dot="live">
          Live
        </Tag>
      ) : (
        visit.end_reason && <span className="dim">{endWords(visit.end_reason)}</span>
      )}
    </div>
  )
}
