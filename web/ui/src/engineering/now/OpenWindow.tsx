import { Link } from 'react-router'
import { Countdown, windowPath } from '#frame'
import type { WindowView } from '../../shared/window/queries'
import { purposeLabel } from '../../shared/window/state'
import classes from './Now.module.css'

/** A window that is open while nobody is there. */
export function OpenWindow({ window }: { window: WindowView }) {
  return (
    <article className={classes.card}>
      <h3 className={classes.server}>
        <Link to={windowPath(window.id)}>{window.targets.join(', ')}</Link>
      </h3>
      <p className={classes.about}>
        <Countdown window={window} />
      </p>
      <p className={classes.about}>
        {purposeLabel(window.purpose)}, {window.technicians.join(', ')} ({window.vendor})
      </p>
    </article>
  )
}
