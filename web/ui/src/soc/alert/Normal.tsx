import { Anchor, Text } from '@mantine/core'
import { Link } from 'react-router'
import { Moment } from '#frame'
import type { AlertView } from '../wire'
import type { AlertContent } from './content'
import { hourOfWeek } from './histogram'
import { HourOfWeek } from './HourOfWeek'
import classes from './Normal.module.css'
import { Part } from './Part'

interface NormalProps {
  alert: AlertView
  content: AlertContent
  zone: string
}

/** Whether it is normal: the usual hours of this vendor on this server, and who else is on it. */
export function Normal({ alert, content, zone }: NormalProps) {
  return (
    <Part title="Is that normal?" isWide>
      <div className={classes.sides}>
        <div>
          <h3 className={classes.side}>Visits of this vendor on this server, 90 days, by hour of the week</h3>
          {alert.histogram ? (
            <HourOfWeek counts={alert.histogram} hour={hourOfWeek(content.at ?? alert.first_at, zone)} />
          ) : (
            <Text size="sm">Not known: no vendor or no server is proven here.</Text>
          )}
        </div>
        <div>
          <h3 className={classes.side}>On this server now</h3>
          <OnServerNow alert={alert} content={content} />
        </div>
      </div>
    </Part>
  )
}

function OnServerNow({ alert, content }: { alert: AlertView; content: AlertContent }) {
  const now = alert.live_now
  const rows = now
    ? now.map((visit) => ({ id: visit.id, person: visit.person, since: visit.admitted_at, source: visit.source }))
    : content.sessionsNow.map((row) => ({ id: row.session, ...row }))
  if (rows.length === 0) {
    return <Text size="sm">{now ? 'No other visit is live.' : 'No other visit was live then.'}</Text>
  }
  return (
    <ul className={classes.visits}>
      {rows.map((row) => (
        <li key={row.id}>
          <Anchor component={Link} to={`/soc/live/${row.id}`} fw={600} underline="always">
            {row.person ?? 'Unknown person'}
          </Anchor>
          {row.since && (
            <>
              {' '}
              since <Moment at={row.since} />
            </>
          )}
          {row.source && ` from ${row.source}`}
        </li>
      ))}
    </ul>
  )
}
