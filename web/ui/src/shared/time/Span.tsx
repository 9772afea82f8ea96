import { useHospitalZone } from '../../api/me'
import { Moment } from './Moment'
import { exactWords, readersWords, readersZone, wallAt } from './zone'
import classes from './Moment.module.css'

interface SpanProps {
  from: string
  until: string
}

/** `Wed 25 Nov, 22:00 – 23:30`: from and until, with the second day only where it is another one. */
export function Span({ from, until }: SpanProps) {
  const zone = useHospitalZone()
  const start = Date.parse(from)
  const end = Date.parse(until)
  if (wallAt(zone, start).date !== wallAt(zone, end).date) {
    return (
      <span>
        <Moment at={from} isBare /> – <Moment at={until} />
      </span>
    )
  }
  const yours = readersWords(zone, readersZone(), start)
  return (
    <span className={classes.moment}>
      <Moment at={from} isBare /> –{' '}
      <time dateTime={until} title={`${exactWords(zone, end)}\n${exactWords('UTC', end)}`}>
        {wallAt(zone, end).time}
      </time>
      {yours && <span className={classes.yours}> ({yours})</span>}
    </span>
  )
}
