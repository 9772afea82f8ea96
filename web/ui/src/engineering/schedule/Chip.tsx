import { Link } from 'react-router'
import { Span, useHospitalZone, windowPath } from '#frame'
import type { FreezeView } from '../../shared/servers'
import { wallAt } from '../../shared/time/zone'
import type { WindowView } from '../../shared/window/queries'
import { purposeLabel, stateWords } from '../../shared/window/state'
import type { Entry } from './entries'
import type { Placed } from './week'
import classes from './Week.module.css'

/** One window or freeze, across the days that it touches. */
export function Chip({ placed }: { placed: Placed<Entry> }) {
  const { item, first, last, lane, isCutAtStart, isCutAtEnd } = placed
  return (
    <li
      className={classes.place}
      style={{ gridColumn: `${first + 1} / ${last + 2}`, gridRow: lane + 1 }}
      data-cut-start={isCutAtStart || undefined}
      data-cut-end={isCutAtEnd || undefined}
    >
      {item.kind === 'window' ? <WindowChip window={item.window} /> : <FreezeChip freeze={item.freeze} />}
    </li>
  )
}

function WindowChip({ window }: { window: WindowView }) {
  const zone = useHospitalZone()
  const { words, tone } = stateWords(window)
  const time = (at: string): string => wallAt(zone, Date.parse(at)).time
  return (
    <Link className={classes.chip} data-tone={tone} to={windowPath(window.id)}>
      <span className={classes.short}>
        {time(window.opens)}–{time(window.closes)}
      </span>
      <span className={classes.long}>
        <Span from={window.opens} until={window.closes} />
      </span>
      <span className={classes.what}>
        {purposeLabel(window.purpose)}, {window.technicians.join(', ')}
      </span>
      <span className={classes.state}>{words}</span>
    </Link>
  )
}

function FreezeChip({ freeze }: { freeze: FreezeView }) {
  return (
    <Link className={classes.freeze} to="/engineering/freezes">
      <strong>Freeze</strong>
      <span className={classes.what}>{freeze.reason}</span>
      {freeze.from && freeze.until && (
        <span className={classes.long}>
          <Span from={freeze.from} until={freeze.until} />
        </span>
      )}
    </Link>
  )
}
