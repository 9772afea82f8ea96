import { useHospitalZone } from '../api/me'
import { useNow } from '../shared/time/useNow'
import { dayWords, exactWords, readersWords, readersZone, wallAt } from '../shared/time/zone'
import classes from './Header.module.css'

/** The hospital's time, by which windows open and close; UTC on hover. */
export function Clock() {
  const zone = useHospitalZone()
  const now = useNow(1_000)
  const yours = readersWords(zone, readersZone(), now)
  return (
    <time className={classes.clock} dateTime={new Date(now).toISOString()} title={exactWords('UTC', now)}>
      <span className={classes.day}>{dayWords(zone, now, now)} </span>
      <strong>{wallAt(zone, now).time}</strong>
      <span className={classes.day}> {yours ? `hospital (${yours})` : zone.split('/').at(-1)?.replaceAll('_', ' ')}</span>
    </time>
  )
}
