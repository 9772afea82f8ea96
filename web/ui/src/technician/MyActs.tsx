import { Button } from '@mantine/core'
import { Link } from 'react-router'
import { Moment } from '#frame'
import type { WindowView } from '../shared/window/queries'
import classes from './MyWindows.module.css'
import { myWindowPath } from './paths'
import type { Acts } from './useMyActs'

interface MyActsProps {
  window: WindowView
  acts: Acts
  /** Whether to lead to the page with the lines to connect. */
  hasConnect?: boolean
}

/** The buttons of a window, and what more time was asked for. */
export function MyActs({ window, acts, hasConnect = false }: MyActsProps) {
  const isAgreed = window.state === 'approved' || window.state === 'open'
  return (
    <>
      {window.more_time && (
        <p className={classes.asked}>
          More time asked, until <Moment at={window.more_time.closes} />: not answered yet.
        </p>
      )}
      <div className={classes.acts}>
        {acts.canAccept && (
          <Button onClick={acts.accept} loading={acts.isRunning}>
            Accept
          </Button>
        )}
        {hasConnect && isAgreed && !acts.canAccept && (
          <Button component={Link} to={myWindowPath(window.id)} variant={window.state === 'open' ? 'filled' : 'default'}>
            {window.state === 'open' ? 'Connect' : 'How to connect'}
          </Button>
        )}
        {acts.canAskMore && (
          <Button variant="default" onClick={acts.askMore}>
            Ask for more time…
          </Button>
        )}
        {acts.canWithdraw && (
          <Button variant="subtle" color="gray" onClick={acts.withdraw}>
            Withdraw…
          </Button>
        )}
      </div>
    </>
  )
}
