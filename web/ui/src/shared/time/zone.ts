/** Instants as the wall clock of a zone shows them, and back. Weekdays and months are English, hours are 0–23. */

export interface Wall {
  /** `2026-11-25` */
  date: string
  /** `22:00` */
  time: string
}

const formats = new Map<string, Intl.DateTimeFormat>()

function format(zone: string, name: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const key = `${zone} ${name}`
  let known = formats.get(key)
  if (known === undefined) {
    known = new Intl.DateTimeFormat('en-GB', { timeZone: zone, hourCycle: 'h23', ...options })
    formats.set(key, known)
  }
  return known
}

function parts(zone: string, at: number): Record<string, string> {
  const full = format(zone, 'full', {
    weekday: 'short',
    year: 'numeric',
    month: 'short',
    day: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    timeZoneName: 'short',
  })
  return Object.fromEntries(full.formatToParts(at).map((part) => [part.type, part.value]))
}

/** The date and time on the wall at an instant. */
export function wallAt(zone: string, at: number): Wall {
  const found = format(zone, 'wall', {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  }).formatToParts(at)
  const of = (type: string): string => found.find((part) => part.type === type)?.value ?? ''
  return { date: `${of('year')}-${of('month')}-${of('day')}`, time: `${of('hour')}:${of('minute')}` }
}

/** Minutes that a zone is ahead of UTC at an instant. */
export function offsetMinutes(zone: string, at: number): number {
  const { date, time } = wallAt(zone, at)
  return Math.round((Date.parse(`${date}T${time}:00Z`) - Math.floor(at / 60_000) * 60_000) / 60_000)
}

/** The instant at which the wall shows this. A time that the change to summer skips is taken as if it had not been
 * skipped; of a time that occurs twice, the first is meant. `null` when the text is no date and time. */
export function instantOf(zone: string, wall: Wall): number | null {
  const naive = Date.parse(`${wall.date}T${wall.time}:00Z`)
  if (Number.isNaN(naive) || !/^\d{4}-\d{2}-\d{2}$/.test(wall.date) || !/^\d{2}:\d{2}$/.test(wall.time)) return null
  const before = naive - offsetMinutes(zone, naive - DAY_MS) * 60_000
  const after = naive - offsetMinutes(zone, naive + DAY_MS) * 60_000
  const fits = [before, after].filter((at) => shows(zone, at, wall))
  return fits.length > 0 ? Math.min(...fits) : before
}

function shows(zone: string, at: number, wall: Wall): boolean {
  const seen = wallAt(zone, at)
  return seen.date === wall.date && seen.time === wall.time
}

const DAY_MS = 86_400_000

/** The first instant of a day on the wall. */
export function startOfDay(zone: string, date: string): number {
  return instantOf(zone, { date, time: '00:00' }) ?? Number.NaN
}

/** A date so many days on. */
export function addDays(date: string, days: number): string {
  return new Date(Date.parse(`${date}T00:00:00Z`) + days * DAY_MS).toISOString().slice(0, 10)
}

/** The Monday of a date's week. */
export function mondayOf(date: string): string {
  const weekday = new Date(`${date}T00:00:00Z`).getUTCDay()
  return addDays(date, -((weekday + 6) % 7))
}

/** `22:00` today, else `Wed 25 Nov, 22:00`, with the year when it is another one. */
export function momentWords(zone: string, at: number, now: number): string {
  const wall = wallAt(zone, at)
  const today = wallAt(zone, now)
  if (wall.date === today.date) return wall.time
  return `${dayWords(zone, at, now)}, ${wall.time}`
}

/** `Wed 25 Nov`, with the year when it is another one. */
export function dayWords(zone: string, at: number, now: number): string {
  const { weekday, day, month, year } = parts(zone, at)
  const words = `${weekday} ${day} ${month}`
  return year === parts(zone, now).year ? words : `${words} ${year}`
}

/** `Wed 25 Nov 2026, 22:00:07 CET` */
export function exactWords(zone: string, at: number): string {
  const { weekday, day, month, year, hour, minute, second, timeZoneName } = parts(zone, at)
  return `${weekday} ${day} ${month} ${year}, ${hour}:${minute}:${second} ${timeZoneName}`
}

/** The zone of who reads. */
export function readersZone(): string {
  return Intl.DateTimeFormat().resolvedOptions().timeZone
}

/** The reader's own time of an instant where their clock shows another one than the hospital's, else `null`. */
export function readersWords(hospital: string, reader: string, at: number): string | null {
  if (offsetMinutes(hospital, at) === offsetMinutes(reader, at)) return null
  const there = wallAt(reader, at)
  const here = wallAt(hospital, at)
  return there.date === here.date ? `${there.time} yours` : `${dayWords(reader, at, at)}, ${there.time} yours`
}
