/** Which windows the desk shows under which heading, and in which order. */
import type { WindowView } from '../../shared/window/queries'
import { isWaiting } from '../../shared/window/state'
import { phaseOf } from '../../shared/time/span'

export const SHOWN = [
  { value: 'waiting', label: 'Waiting' },
  { value: 'coming', label: 'Coming' },
  { value: 'past', label: 'Past' },
] as const

export type Shown = (typeof SHOWN)[number]['value']

/** What waits for an answer, the most urgent first; what is agreed, in order; what is over, newest first. */
export function windowsUnder(shown: Shown, windows: readonly WindowView[], now: number): WindowView[] {
  const by = (key: 'opens' | 'closes', sign: 1 | -1) => (a: WindowView, b: WindowView) =>
    sign * (Date.parse(a[key]) - Date.parse(b[key]))
  switch (shown) {
    case 'waiting':
      return windows.filter((window) => isWaiting(window) && phaseOf(window, now) !== 'over').sort(byUrgency)
    case 'coming':
      return windows
        .filter(({ state, closes }) => (state === 'approved' || state === 'open') && Date.parse(closes) > now)
        .sort(by('opens', 1))
    case 'past':
      return windows
        .filter(({ state, closes }) => !['requested', 'approved', 'open'].includes(state) || Date.parse(closes) <= now)
        .sort(by('closes', -1))
  }
}

/** Somebody who works now and asks for more time comes before what opens later. */
function byUrgency(a: WindowView, b: WindowView): number {
  const due = ({ more_time, opens, closes }: WindowView): number => Date.parse(more_time ? closes : opens)
  return due(a) - due(b)
}

export function readShown(text: string | null): Shown {
  return SHOWN.find(({ value }) => value === text)?.value ?? 'waiting'
}
