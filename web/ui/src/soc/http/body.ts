/**
 * What a recorded body is shown as. Nothing in it is ever run or followed: text is text, an image is one by its first bytes
 * and not by what its sender called it, and everything can be seen as it is in hexadecimal.
 */

export type Look = 'text' | 'image' | 'hex'

/** More of a text than this is not put on a page, in characters. */
export const MOST_TEXT = 300_000
/** Bytes that a page of hexadecimal shows. */
export const MOST_HEX = 16_384

/** The raster formats that browsers draw, by how they begin. */
const IMAGES: readonly [type: string, at: number, magic: readonly number[]][] = [
  ['image/png', 0, [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]],
  ['image/jpeg', 0, [0xff, 0xd8, 0xff]],
  ['image/gif', 0, [0x47, 0x49, 0x46, 0x38]],
  ['image/webp', 8, [0x57, 0x45, 0x42, 0x50]],
  ['image/bmp', 0, [0x42, 0x4d]],
  ['image/x-icon', 0, [0x00, 0x00, 0x01, 0x00]],
]

/** The type of an image by its bytes; `null` for anything else, an SVG too: that is a document. */
export function imageType(bytes: Uint8Array): string | null {
  const fits = (at: number, magic: readonly number[]): boolean => magic.every((byte, place) => bytes[at + place] === byte)
  return IMAGES.find(([, at, magic]) => bytes.length > 16 && fits(at, magic))?.[0] ?? null
}

/** The text of a body; `null` where it is none. JSON on one line is laid out. */
export function textOf(bytes: Uint8Array, media: string): string | null {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch {
    return null
  }
  if (text.includes('\0')) return null
  return visible(media.includes('json') ? laidOut(text) : text)
}

/** The looks that a body has, the best one first. */
export function looksOf(bytes: Uint8Array, media: string): Look[] {
  const looks: Look[] = []
  if (imageType(bytes)) looks.push('image')
  if (textOf(bytes, media) !== null) looks.push('text')
  return [...looks, 'hex']
}

function laidOut(text: string): string {
  if (text.length > MOST_TEXT) return text
  try {
    return JSON.stringify(JSON.parse(text), null, 2)
  } catch {
    return text
  }
}

/** Characters that hide or turn text around are shown as what they are. */
export function visible(text: string): string {
  return text.replace(
    /[\u0001-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (c) => `⟨U+${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}⟩`,
  )
}

/** Lines of sixteen bytes: place, hexadecimal, and the ASCII of it. */
export function hexLines(bytes: Uint8Array, most = MOST_HEX): string {
  const lines: string[] = []
  for (let at = 0; at < Math.min(bytes.length, most); at += 16) {
    const row = [...bytes.subarray(at, at + 16)]
    const hex = row.map((byte) => byte.toString(16).padStart(2, '0'))
    const pairs = `${hex.slice(0, 8).join(' ')}  ${hex.slice(8).join(' ')}`.padEnd(49)
    const ascii = row.map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('')
    lines.push(`${at.toString(16).padStart(8, '0')}  ${pairs} ${ascii}`)
  }
  return lines.join('\n')
}
