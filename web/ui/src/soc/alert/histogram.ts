/** Visits by hour of the week, from Monday 00:00, hospital time. */

export const DAYS = ['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'] as const
const HOURS_A_DAY = 24
export const HOURS_A_WEEK = DAYS.length * HOURS_A_DAY

/** Seven days of 24 hours; what is missing is nothing. */
export function weekGrid(counts: readonly number[]): number[][] {
  return DAYS.map((_, day) =>
    Array.from({ length: HOURS_A_DAY }, (_hour, hour) => counts[day * HOURS_A_DAY + hour] ?? 0),
  )
}

/** How dark a cell is, 0 (nothing) to 4 (as many as the busiest hour). */
export function shade(count: number, busiest: number): number {
  return count <= 0 || busiest <= 0 ? 0 : Math.max(1, Math.ceil((count / busiest) * 4))
}

/** The hour of the week of an instant in a time zone, 0–167. */
export function hourOfWeek(instant: string, timeZone: string): number {
  const parts = new Intl.DateTimeFormat('en-GB', {
    timeZone,
    weekday: 'short',
    hour: '2-digit',
    hourCycle: 'h23',
  }).formatToParts(new Date(instant))
  const part = (type: string): string => parts.find((each) => each.type === type)?.value ?? ''
  return DAYS.indexOf(part('weekday') as (typeof DAYS)[number]) * HOURS_A_DAY + Number(part('hour'))
}

/** `Mon 02:00–03:00`. */
export function hourWords(hour: number): string {
  const two = (value: number): string => `${String(value % HOURS_A_DAY).padStart(2, '0')}:00`
  return `${DAYS[Math.floor(hour / HOURS_A_DAY)] ?? ''} ${two(hour)}–${two(hour + 1)}`
}

/** Whether this hour is a usual one, in a sentence. */
export function usualWords(counts: readonly number[], hour: number): string {
  const total = counts.reduce((sum, count) => sum + count, 0)
  const here = counts[hour] ?? 0
  if (total === 0) return 'No visit of this vendor on this server in the last 90 days.'
  const visits = total === 1 ? '1 visit' : `${total} visits`
  if (here === 0) return `Unusual: none of ${visits} in 90 days was at ${hourWords(hour)}.`
  return `${here} of ${visits} in 90 days ${here === 1 ? 'was' : 'were'} at ${hourWords(hour)}.`
}
