import { useHospitalZone } from '../../api/me'
import classes from './Moment.module.css'
import { exactWords, momentWords, readersWords, readersZone } from './zone'

interface MomentProps {
  /** RFC 3339. */
  at: string
  /** With the date, seconds and zone. */
  isLong?: boolean
  /** Without the reader's own time beside it, where room is scarce; the hover text still has it. */
  isBare?: boolean
}

/** An instant on the hospital's clock. UTC on hover; the reader's own time beside it where it differs. */
export function Moment({ at, isLong = false, isBare = false }: MomentProps) {
  const zone = useHospitalZone()
  const reader = readersZone()
  const instant = Date.parse(at)
  if (Number.isNaN(instant)) return <>unknown</>

  const yours = readersWords(zone, reader, instant)
  const words = isLong ? exactWords(zone, instant) : momentWords(zone, instant, Date.now())
  const hover = [exactWords(zone, instant), exactWords('UTC', instant), yours && exactWords(reader, instant)]
  return (
    <time className={classes.moment} dateTime={at} title={hover.filter(Boolean).join('\n')}>
      {words}
      {yours && !isBare && <span className={classes.yours}> ({yours})</span>}
    </time>
  )
}
