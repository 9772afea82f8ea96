/** `0:07`, `12:34`, `1:02:03`; with tenths where a link or a label wants them. */
export function clockWords(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const two = (value: number): string => String(value).padStart(2, '0')
  const hours = Math.floor(seconds / 3600)
  const minutes = Math.floor((seconds % 3600) / 60)
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(seconds % 60)}`
    : `${minutes}:${two(seconds % 60)}`
}

/** The same for a screen reader: `1 hour 2 minutes 3 seconds`. */
export function spokenClock(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000))
  const parts: [number, string][] = [
    [Math.floor(seconds / 3600), 'hour'],
    [Math.floor((seconds % 3600) / 60), 'minute'],
    [seconds % 60, 'second'],
  ]
  const said = parts.filter(([value]) => value > 0).map(([value, unit]) => `${value} ${unit}${value === 1 ? '' : 's'}`)
  return said.length > 0 ? said.join(' ') : '0 seconds'
}

/** The second of a recording as an address carries it: `?t=123.4`. */
export function secondOf(ms: number): string {
  return (Math.round(ms / 100) / 10).toString()
}

/** Where an address says to begin: `?t=` in seconds, or `?at=` in milliseconds as a search hit has it. */
export function momentOf(address: URLSearchParams): number {
  const at = address.get('at')
  if (address.has('t') || at === null || !/^\d{1,12}$/.test(at)) return momentFromSecond(address.get('t'))
  return Number(at)
}

/** Reads `?t=`; anything else than a number of seconds is the beginning. */
export function momentFromSecond(text: string | null): number {
  const seconds = Number(text ?? '')
  return Number.isFinite(seconds) && seconds > 0 ? Math.round(seconds * 1000) : 0
}
