import { Anchor } from '@mantine/core'
import { Link } from 'react-router'
import { Moment } from '#frame'
import type { AlertView } from '../wire'
import classes from './HowOften.module.css'
import { Part } from './Part'
import { SeverityMark } from './SeverityMark'

/** How many attempts are one alert, and what else there was in a day. */
export function HowOften({ alert }: { alert: AlertView }) {
  const related = alert.related ?? []
  return (
    <Part title="How often" isWide>
      <p className={classes.count}>
        {alert.count === 1 ? (
          <>
            Once, <Moment at={alert.first_at} />
          </>
        ) : (
          <>
            {alert.count} times, first <Moment at={alert.first_at} />, last <Moment at={alert.last_at} />
          </>
        )}
      </p>
      {related.length === 0 ? (
        <p className={classes.none}>No related alert in 24 h.</p>
      ) : (
        <>
          <h3 className={classes.heading}>Related, within 24 h</h3>
          <ul className={classes.related}>
            {related.map((other) => (
              <li key={other.id}>
                <SeverityMark severity={other.severity} />
                <Anchor component={Link} to={`/soc/alerts/${other.id}`} inherit underline="always">
                  {other.title}
                </Anchor>
                <span className={classes.when}>
                  {other.count > 1 && `${other.count}×, last `}
                  <Moment at={other.last_at} />
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </Part>
  )
}
