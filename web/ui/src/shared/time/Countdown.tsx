import { countdownWords, type Opening } from './span'
import { useNow } from './useNow'

/** A window that came to nothing neither opens nor closes. */
const CAME_TO_NOTHING: readonly string[] = ['denied', 'withdrawn', 'revoked', 'expired']

/** `opens in 2 h 14 min`, `open, 36 min left`; every second in the last minute before it changes, else every ten. */
export function Countdown({ window }: { window: Opening & { state?: string } }) {
  const now = useNow(isClose(window, Date.now()) ? 1_000 : 10_000)
  if (window.state !== undefined && CAME_TO_NOTHING.includes(window.state)) return null
  return <span className="numbers">{countdownWords(window, now)}</span>
}

function isClose({ opens, closes }: Opening, now: number): boolean {
  return [opens, closes].some((edge) => Math.abs(Date.parse(edge) - now) < 90_000)
}
