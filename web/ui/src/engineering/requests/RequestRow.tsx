import { Link, useLocation } from 'react-router'
import { Countdown, Span } from '#frame'
import type { WindowView } from '../../shared/window/queries'
import { purposeLabel } from '../../shared/window/state'
import { WindowTag } from '../../shared/window/WindowTag'
import { Tag } from '../../shared/Tag'
import classes from './RequestsPage.module.css'

/** One window in the list. */
export function RequestRow({ window, isChosen }: { window: WindowView; isChosen: boolean }) {
  const { search } = useLocation()
  return (
    <Link
      className={classes.row}
      to={{ pathname: `/engineering/requests/${window.id}`, search }}
      aria-current={isChosen ? 'true' : undefined}
    >
      <span className={classes.top}>
        <strong className={classes.server}>{window.targets.join(', ')}</strong>
        {window.more_time ? <Tag tone="warn">Asks for more time</Tag> : <WindowTag window={window} />}
      </span>
      <span>
        <Span from={window.opens} until={window.closes} />
      </span>
      <span className={classes.about}>
        {purposeLabel(window.purpose)}, {window.technicians.join(', ')} ({window.vendor})
      </span>
      <span className={classes.about}>
        <Countdown window={window} />
      </span>
    </Link>
  )
}
