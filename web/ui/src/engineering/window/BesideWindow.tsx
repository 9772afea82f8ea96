import { useQuery } from '@tanstack/react-query'
import { Answer, Panel, Span, type Wire } from '#frame'
import { Link } from 'react-router'
import { windowPath } from '../../shared/paths'
import { windowCardQuery, type WindowView } from '../../shared/window/queries'
import { WindowTag } from '../../shared/window/WindowTag'
import { ServerFacts } from '../servers/ServerFacts'
import classes from './WindowDetail.module.css'

/** Beside a request: the servers' cards, what else is planned, and what will and will not be recorded. */
export function BesideWindow({ window }: { window: WindowView }) {
  const card = useQuery(windowCardQuery(window.id))
  return (
    <Answer of={card} lines={3}>
      {({ targets, same_day, freezes, recorded, not_recorded }) => (
        <>
          <div className={classes.two}>
            {targets.map((target) => (
              <Panel key={target.id} title={target.name}>
                <ServerFacts target={target} />
              </Panel>
            ))}
            <Panel title="Also planned around then">
              <Planned windows={same_day} freezes={freezes} />
            </Panel>
          </div>
          <Panel title="What is recorded">
            <Coverage recorded={recorded} not_recorded={not_recorded} />
          </Panel>
        </>
      )}
    </Answer>
  )
}

type Card = Wire<'WindowCard'>

function Coverage({ recorded, not_recorded }: Pick<Card, 'recorded' | 'not_recorded'>) {
  return (
    <ul className={classes.coverage}>
      {recorded.map((words) => (
        <li key={words}>
          <span className={classes.yes} aria-hidden="true">
            ✓
          </span>
          <span>
            <span className="spoken">Recorded: </span>
            {words}
          </span>
        </li>
      ))}
      {not_recorded.map((words) => (
        <li key={words}>
          <span className={classes.no} aria-hidden="true">
            ✕
          </span>
          <span>
            <strong>Not recorded: </strong>
            {words}
          </span>
        </li>
      ))}
    </ul>
  )
}

function Planned({ windows, freezes }: { windows: Card['same_day']; freezes: Card['freezes'] }) {
  if (windows.length === 0 && freezes.length === 0) return <p className="dim">Nothing else, and no freeze.</p>
  return (
    <ul className={classes.list}>
      {freezes.map((freeze) => (
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
      {windows.map((other) => (
        <li key={other.id}>
          <div className={classes.other}>
            <Link to={windowPath(other.id)}>{other.targets.join(', ')}</Link>
            <WindowTag window={other} />
          </div>
          <div className="dim">
            <Span from={other.opens} until={other.closes} />, {other.technicians.join(', ')} ({other.vendor})
          </div>
        </li>
      ))}
    </ul>
  )
}
