import { Link } from 'react-router'
import { Countdown, ProblemPanel, Span } from '#frame'
import type { WindowView } from '../shared/window/queries'
import { purposeLabel } from '../shared/window/state'
import { WindowTag } from '../shared/window/WindowTag'
import { MyActs } from './MyActs'
import classes from './MyWindows.module.css'
import { myWindowPath } from './paths'
import { useMyActs } from './useMyActs'

/** A window that is open or ahead. */
export function WindowCard({ window }: { window: WindowView }) {
  const acts = useMyActs(window)
  return (
    <article className={classes.card} data-open={window.state === 'open' || undefined}>
      <header className={classes.top}>
        <h3 className={classes.server}>
          <Link to={myWindowPath(window.id)}>{window.targets.join(', ')}</Link>
        </h3>
        <WindowTag window={window} />
      </header>
      <p className={classes.count}>
        <Countdown window={window} />
      </p>
      <p className={classes.about}>
        <Span from={window.opens} until={window.closes} />
      </p>
      <p className={classes.about}>
        {purposeLabel(window.purpose)}
        {window.ticket && `, ${window.ticket}`}
        {window.technicians.length > 1 && `, with ${window.technicians.join(', ')}`}
      </p>
      {acts.problem && <ProblemPanel error={acts.problem} />}
      <MyActs window={window} acts={acts} hasConnect />
      {acts.dialogs}
    </article>
  )
}
