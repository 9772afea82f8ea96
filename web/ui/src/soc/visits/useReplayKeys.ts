import { useKeys } from '#frame'
import type { Player } from '../player/player'

const STEP_MS = 5_000
const LEAP_MS = 30_000

interface Marks {
  next: () => void
  previous: () => void
}

export function useReplayKeys(player: Player, marks: Marks): void {
  useKeys('Replay', [
    { keys: ' ', words: 'Space: play or pause', run: () => pressed() || player.toggle() },
    { keys: 'ArrowLeft', words: '5 s back', run: () => player.seekBy(-STEP_MS) },
    { keys: 'ArrowRight', words: '5 s on', run: () => player.seekBy(STEP_MS) },
    { keys: 'h', words: '30 s back', run: () => player.seekBy(-LEAP_MS) },
    { keys: 'l', words: '30 s on', run: () => player.seekBy(LEAP_MS) },
    { keys: '[', words: 'Slower', run: () => player.slower() },
    { keys: ']', words: 'Faster', run: () => player.faster() },
    { keys: 'm', words: 'Next marker', run: marks.next },
    { keys: 'M', words: 'Marker before', run: marks.previous },
  ])
}

/** On a button, space presses that button. */
function pressed(): boolean {
  const button = document.activeElement?.closest<HTMLElement>('button, a, summary')
  button?.click()
  return button !== null && button !== undefined
}
