/** Until when an alert wants which answer. */
import { spanWords } from '../../shared/time/span'

export interface Due {
  acknowledge: string | null
  decide: string | null
  close: string | null
}

export interface DueAlert {
  state: string
  due?: Due | null
}

export interface NextDue {
  act: 'take' | 'decide' | 'close'
  at: number
}

/**
 * What is asked for next: to take a new alert, then to decide, then to close. Once the time to decide has passed, what
 * counts is the time to close.
 */
export function nextDue(alert: DueAlert, now: number): NextDue | null {
  const { state, due } = alert
  if (!due || state === 'closed') return null
  const at = (time: string | null): number | null => (time === null ? null : Date.parse(time))
  const take = state === 'new' ? at(due.acknowledge) : null
  if (take !== null) return { act: 'take', at: take }
  const [decide, close] = [at(due.decide), at(due.close)]
  if (decide !== null && (decide > now || close === null)) return { act: 'decide', at: decide }
  return close === null ? null : { act: 'close', at: close }
}

/** `take in 12 min`, `close 3 h 5 min late`. */
export function dueWords(next: NextDue, now: number): string {
  const left = next.at - now
  return left >= 0 ? `${next.act} in ${spanWords(left)}` : `${next.act} ${spanWords(-left)} late`
}
