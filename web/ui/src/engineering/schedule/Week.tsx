import { Link } from 'react-router'
import { serverPath, useHospitalZone, useNow } from '#frame'
import type { TargetView } from '../../shared/servers'
import { dayWords } from '../../shared/time/zone'
import { Chip } from './Chip'
import type { Entry } from './entries'
import { concerns, midnights, placeInWeek } from './week'
import classes from './Week.module.css'

interface WeekProps {
  servers: readonly TargetView[]
  entries: readonly Entry[]
  monday: string
}

/** Seven days across, servers down. Where the page is narrow, a list by server. */
export function Week({ servers, entries, monday }: WeekProps) {
  const zone = useHospitalZone()
  const now = useNow(60_000)
  const bounds = midnights(zone, monday)
  const today = bounds.findIndex((bound, day) => now >= bound && now < (bounds[day + 1] ?? bound))
  return (
    <div className={classes.week}>
      <div className={classes.days} aria-hidden="true">
        <span />
        {bounds.slice(0, 7).map((bound, day) => (
          <span key={bound} className={classes.day} data-today={day === today || undefined}>
            {dayWords(zone, bound + NOON_MS, bound + NOON_MS)}
          </span>
        ))}
      </div>
      {servers.map((server) => (
        <Row key={server.id} server={server} entries={entries} bounds={bounds} today={today} />
      ))}
    </div>
  )
}

const NOON_MS = 12 * 3_600_000

interface RowProps {
  server: TargetView
  entries: readonly Entry[]
  bounds: readonly number[]
  today: number
}

function Row({ server, entries, bounds, today }: RowProps) {
  const placed = placeInWeek(
    entries.filter(({ targets }) => concerns(targets, server.name)),
    bounds,
  )
  return (
    <section className={classes.row} aria-label={server.name}>
      <h2 className={classes.server}>
        <Link to={serverPath(server.name)}>{server.name}</Link>
        {server.card.site && <span className={classes.site}>{server.card.site}</span>}
      </h2>
      {today >= 0 && <div className={classes.today} data-day={today} aria-hidden="true" />}
      <ul className={classes.entries}>
        {placed.map((place) => (
          <Chip key={place.item.id} placed={place} />
        ))}
      </ul>
      {placed.length === 0 && <p className={classes.none}>Nothing this week</p>}
    </section>
  )
}
