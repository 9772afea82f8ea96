import { spanWords } from '../../shared/time/span'
import type { DestinationView } from '../wire'

/** An alert should be there within seconds; what waits longer is stuck. */
const STUCK_AFTER_MS = 60_000

export function isStuck(destination: DestinationView, now: number): boolean {
  if (!destination.enabled) return true
  return destination.oldest !== null && now - Date.parse(destination.oldest) > STUCK_AFTER_MS
}

/** How a destination does, in a sentence. */
export function stateWords(destination: DestinationView, now: number): string {
  if (!destination.enabled) return 'Switched off: nothing is sent.'
  if (destination.waiting === 0) return '✓ Nothing waits.'
  const messages = destination.waiting === 1 ? '1 message waits' : `${destination.waiting} messages wait`
  if (!isStuck(destination, now)) return `${messages}.`
  const age = destination.oldest ? ` for ${spanWords(now - Date.parse(destination.oldest))}` : ''
  return `✕ Stuck: ${messages}${age}.`
}

/** What came of a test: the gate waits a moment for the receiver, and says how things stand then. */
export function testWords(after: DestinationView): string {
  if (after.last_error) return `The test did not arrive: ${after.last_error}`
  return after.waiting === 0 ? '✓ The test was taken by the receiver.' : 'The test waits with the others.'
}
