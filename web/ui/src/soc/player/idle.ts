/** Stretches of a visit in which nothing happened, and how far playing may jump over them. */

/** One such stretch, in milliseconds since the visit began. */
export interface Idle {
  from_ms: number
  to_ms: number
}

/** How much of a pause is still played, so that the eye sees that there was one. */
const PLAYED_BEFORE_MS = 800
/** How long before the next activity playing goes on. */
const PLAYED_AFTER_MS = 300

/** Where to go on from `position`, if it lies in a stretch worth jumping over. */
export function afterIdle(idle: readonly Idle[], position: number): number | null {
  for (const stretch of idle) {
    const target = stretch.to_ms - PLAYED_AFTER_MS
    if (position >= stretch.from_ms + PLAYED_BEFORE_MS && position < target) return target
  }
  return null
}
