/** Spans of time in words: the two largest units, no more. */

const SECOND = 1_000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

/** `45 s`, `36 min`, `2 h 14 min`, `3 d 4 h`. A span below zero counts as zero. */
export function spanWords(ms: number): string {
  const span = Math.max(0, ms)
  if (span < MINUTE) return `${Math.floor(span / SECOND)} s`
  if (span < HOUR) return `${Math.floor(span / MINUTE)} min`
  if (span < DAY) return two(span, HOUR, 'h', MINUTE, 'min')
  return two(span, DAY, 'd', HOUR, 'h')
}

function two(span: number, large: number, largeWord: string, small: number, smallWord: string): string {
  const many = Math.floor(span / large)
  const rest = Math.floor((span % large) / small)
  return rest === 0 ? `${many} ${largeWord}` : `${many} ${largeWord} ${rest} ${smallWord}`
}

export interface Opening {
  opens: string
  closes: string
}

export type Phase = 'ahead' | 'open' | 'over'

/** Where an instant is against `[opens, closes)`. */
export function phaseOf({ opens, closes }: Opening, now: number): Phase {
  if (now < Date.parse(opens)) return 'ahead'
  return now < Date.parse(closes) ? 'open' : 'over'
}

/** `opens in 2 h 14 min`, `open, 36 min left`, `closed 3 d ago`; what nobody has approved is not open. */
export function countdownWords(window: Opening & { state?: string }, now: number): string {
  switch (phaseOf(window, now)) {
    case 'ahead':
      return `opens in ${spanWords(Date.parse(window.opens) - now)}`
    case 'open':
      if (window.state === 'requested') return `its time began ${spanWords(now - Date.parse(window.opens))} ago`
      return `open, ${spanWords(Date.parse(window.closes) - now)} left`
    case 'over':
      return `closed ${spanWords(now - Date.parse(window.closes))} ago`
  }
}

/** Reads `90`, `90m`, `1h30`, `1 h 30 min`, `1:30` as minutes; `null` when it is none of them. */
export function minutesFrom(text: string): number | null {
  const plain = text.trim().toLowerCase().replaceAll(/\s+/g, '')
  const whole = /^(\d{1,4})(m|min)?$/.exec(plain)
  if (whole) return Number(whole[1])
  const clock = /^(\d{1,2}):(\d{2})$/.exec(plain)
  if (clock) return Number(clock[1]) * 60 + Number(clock[2])
  const long = /^(\d{1,2})h(?:(\d{1,2})(?:m|min)?)?$/.exec(plain)
  return long ? Number(long[1]) * 60 + Number(long[2] ?? 0) : null
}
