/** A technician's windows under their headings. */
import type { WindowView } from '../shared/window/queries'
import { phaseOf } from '../shared/time/span'

export interface WindowGroups {
  /** Approved, and the clock is inside. */
  open: WindowView[]
  /** Asked for or agreed, and not over; what opens first comes first. */
  ahead: WindowView[]
  /** All others, newest first. */
  over: WindowView[]
}

export function groupWindows(windows: readonly WindowView[], now: number): WindowGroups {
  const groups: WindowGroups = { open: [], ahead: [], over: [] }
  for (const window of windows) groups[groupOf(window, now)].push(window)
  groups.open.sort((a, b) => a.closes.localeCompare(b.closes))
  groups.ahead.sort((a, b) => a.opens.localeCompare(b.opens))
  groups.over.sort((a, b) => b.closes.localeCompare(a.closes))
  return groups
}

function groupOf(window: WindowView, now: number): keyof WindowGroups {
  const isAgreed = window.state === 'approved' || window.state === 'open'
  const phase = phaseOf(window, now)
  if (phase === 'over' || (!isAgreed && window.state !== 'requested')) return 'over'
  return isAgreed && phase === 'open' ? 'open' : 'ahead'
}
