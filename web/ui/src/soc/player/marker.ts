/** Places on a recording's timeline. */

export type MarkerKind =
  'start' | 'command' | 'file' | 'resize' | 'warning' | 'pause' | 'resume' | 'stop' | 'alert' | 'note' | 'end'

export interface Marker {
  at_ms: number
  channel: number | null
  kind: MarkerKind
  text: string
}

interface MarkerLook {
  /** One character that tells the kinds apart without colour. */
  sign: string
  word: string
}

const LOOKS: Record<MarkerKind, MarkerLook> = {
  start: { sign: '▸', word: 'Start' },
  command: { sign: '$', word: 'Command' },
  file: { sign: '⇅', word: 'File' },
  resize: { sign: '⤢', word: 'Resize' },
  warning: { sign: '!', word: 'Warning' },
  pause: { sign: '‖', word: 'Input paused' },
  resume: { sign: '▹', word: 'Input resumed' },
  stop: { sign: '■', word: 'Stop' },
  alert: { sign: '▲', word: 'Alert' },
  note: { sign: '✎', word: 'Note' },
  end: { sign: '▪', word: 'End' },
}

export function markerLook(kind: string): MarkerLook {
  return LOOKS[kind as MarkerKind] ?? LOOKS.note
}

/** A marker at the position itself has been reached: so pressing the key again goes on. */
export function nextMarker(markers: readonly Marker[], position: number): Marker | undefined {
  return markers.find((marker) => marker.at_ms > position + 1 && marker.kind !== 'resize')
}

export function previousMarker(markers: readonly Marker[], position: number): Marker | undefined {
  return markers.findLast((marker) => marker.at_ms < position - 1_000 && marker.kind !== 'resize')
}

/** The marker that the position is in: the last one not after it. */
export function currentMarker(markers: readonly Marker[], position: number): Marker | undefined {
  return markers.findLast((marker) => marker.at_ms <= position)
}

/** Markers of one channel, with those of the whole visit, by time. */
export function markersOf(markers: readonly Marker[], channel: number): Marker[] {
  return markers
    .filter((marker) => marker.channel === null || marker.channel === channel)
    .toSorted((a, b) => a.at_ms - b.at_ms)
}

/** Which markers keep their sign when there is room for one in each `gap`: what matters most first, then the earlier. */
export function signedMarkers(markers: readonly Marker[], gap: number): Set<Marker> {
  const signed = new Set<Marker>()
  const ranked = markers.toSorted((a, b) => rank(a) - rank(b) || a.at_ms - b.at_ms)
  for (const marker of ranked) {
    const hasRoom = [...signed].every((other) => Math.abs(other.at_ms - marker.at_ms) >= gap)
    if (hasRoom) signed.add(marker)
  }
  return signed
}

function rank(marker: Marker): number {
  const order: MarkerKind[] = ['alert', 'stop', 'pause', 'warning', 'note', 'command']
  const place = order.indexOf(marker.kind)
  return place < 0 ? order.length : place
}
