import type { FreezeView } from '../../shared/servers'
import type { WindowView } from '../../shared/window/queries'
import type { Planned } from './week'

/** What stands in the schedule. */
export type Entry = Planned & ({ kind: 'window'; window: WindowView } | { kind: 'freeze'; freeze: FreezeView })

/** Windows that came to something or still may, and freezes. */
export function entriesOf(windows: readonly WindowView[], freezes: readonly FreezeView[]): Entry[] {
  const planned = windows
    .filter(({ state }) => ['requested', 'approved', 'open', 'closed', 'reviewed'].includes(state))
    .map((window): Entry => ({
      kind: 'window',
      id: window.id,
      targets: window.targets,
      from: Date.parse(window.opens),
      until: Date.parse(window.closes),
      window,
    }))
  const frozen = freezes.map((freeze): Entry => ({
    kind: 'freeze',
    id: freeze.id,
    targets: freeze.targets,
    from: freeze.from ? Date.parse(freeze.from) : -Infinity,
    until: freeze.until ? Date.parse(freeze.until) : Infinity,
    freeze,
  }))
  return [...frozen, ...planned]
}
