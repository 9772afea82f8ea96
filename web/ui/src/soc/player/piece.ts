/** A stretch of a channel's recording as the server cuts it, and its decoded form. */

/** What `GET /api/recordings/{session}/play` answers. */
export interface WirePiece {
  columns: number
  rows: number
  screen: string
  events: WireEvent[]
  next_ms: number | null
}

/** `"o"` output, `"e"` error output, both base64; `"r"` a resize. */
export type WireEvent = [number, 'o' | 'e', string] | [number, 'r', number, number]

export interface OutputEvent {
  kind: 'output'
  at: number
  bytes: Uint8Array
  isError: boolean
}

export interface ResizeEvent {
  kind: 'resize'
  at: number
  columns: number
  rows: number
}

export type PlayEvent = OutputEvent | ResizeEvent

/** Everything a screen needs from `from` until `next`; milliseconds since the visit began. */
export interface Piece {
  from: number
  columns: number
  rows: number
  /** Bytes that draw the screen as it was at `from`. */
  screen: Uint8Array
  events: PlayEvent[]
  /** Where the next piece begins; `null` when this is the last. */
  next: number | null
}

export function decodePiece(wire: WirePiece, from: number): Piece {
  if (wire.next_ms !== null && wire.next_ms <= from) {
    throw new Error('The gate sent a piece of the recording that does not go on.')
  }
  return {
    from,
    columns: wire.columns,
    rows: wire.rows,
    screen: decodeBase64(wire.screen),
    events: wire.events.map(decodeEvent),
    next: wire.next_ms,
  }
}

function decodeEvent(event: WireEvent): PlayEvent {
  if (event[1] === 'r') {
    return { kind: 'resize', at: event[0], columns: event[2], rows: event[3] }
  }
  return { kind: 'output', at: event[0], bytes: decodeBase64(event[2]), isError: event[1] === 'e' }
}

export function decodeBase64(text: string): Uint8Array {
  const binary = atob(text)
  const bytes = new Uint8Array(binary.length)
  for (let index = 0; index < binary.length; index++) bytes[index] = binary.charCodeAt(index)
  return bytes
}
