import { useLiveness, type Liveness } from '../api/live'
import classes from './Header.module.css'

const WORDS: Record<Liveness, string> = { connecting: 'Connecting', live: 'Live', cut: 'Cut off' }

const HOVER: Record<Liveness, string> = {
  connecting: 'Connecting to the gate',
  live: 'What you see is up to date; changes come by themselves',
  cut: 'The gate does not answer: what you see may be old. It is tried again all the time.',
}

/** Whether the page hears of changes. */
export function LiveMark() {
  const liveness = useLiveness()
  return (
    <span className={classes.live} data-state={liveness} role="status" title={HOVER[liveness]}>
      <span className={classes.words}>{WORDS[liveness]}</span>
    </span>
  )
}
