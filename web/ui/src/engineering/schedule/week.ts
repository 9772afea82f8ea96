/** A week by server: which windows and freezes stand in which days, and in which lane so that none covers another. */
import { addDays, startOfDay } from '../../shared/time/zone'

export interface Planned {
  id: string
  targets: readonly string[]
  from: number
  until: number
}

export interface Placed<Item> {
  item: Item
  /** First and last day it touches, 0 to 6 within the week. */
  first: number
  last: number
  lane: number
  /** Whether it began before the week, or goes on after it. */
  isCutAtStart: boolean
  isCutAtEnd: boolean
}

/** The eight midnights that bound the seven days from a Monday on. */
export function midnights(zone: string, monday: string): number[] {
  return Array.from({ length: 8 }, (_, day) => startOfDay(zone, addDays(monday, day)))
}

/** What touches the week, in lanes: earlier and longer first, each in the first lane where its days are free. */
export function placeInWeek<Item extends Planned>(items: readonly Item[], bounds: readonly number[]): Placed<Item>[] {
  const start = bounds[0] ?? 0
  const end = bounds.at(-1) ?? 0
  const lanes: boolean[][] = []
  return items
    .filter((item) => item.from < end && item.until > start && item.from < item.until)
    .sort((a, b) => a.from - b.from || b.until - a.until)
    .map((item) => {
      const first = dayOf(Math.max(item.from, start), bounds)
      const last = dayOf(Math.min(item.until, end) - 1, bounds)
      const lane = takeLane(lanes, first, last)
      return { item, first, last, lane, isCutAtStart: item.from < start, isCutAtEnd: item.until > end }
    })
}

function dayOf(at: number, bounds: readonly number[]): number {
  const next = bounds.findIndex((bound) => at < bound)
  return next === -1 ? bounds.length - 2 : Math.max(next - 1, 0)
}

function takeLane(lanes: boolean[][], first: number, last: number): number {
  const days = Array.from({ length: last - first + 1 }, (_, offset) => first + offset)
  const free = lanes.findIndex((lane) => days.every((day) => !lane[day]))
  const lane = free === -1 ? lanes.push([]) - 1 : free
  for (const day of days) {
    const taken = lanes[lane]
    if (taken) taken[day] = true
  }
  return lane
}

/** Whether something of a server is meant: its own, or of all servers. */
export function concerns(targets: readonly string[], server: string): boolean {
  return targets.length === 0 || targets.includes(server)
}
