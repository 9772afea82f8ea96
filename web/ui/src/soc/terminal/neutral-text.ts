/**
 * Output of a program as plain text that can do nothing: no escape sequence, no carriage return that overwrites, no
 * change of the reading direction. What was there stays visible as a sign, since this is evidence.
 */
export function neutralText(text: string): string {
  return text.replaceAll('\r\n', '\n').replace(UNSAFE, visibleSign)
}

/**
 * C0 but tab and line feed, DEL, C1, and what reorders or hides text: zero-width and bidirectional controls, the byte
 * order mark, tag characters.
 */
const UNSAFE =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]|[\u{e0000}-\u{e007f}]/gu

const NAMES: Record<number, string> = { 0: 'NUL', 7: 'BEL', 8: 'BS', 13: 'CR', 27: 'ESC', 127: 'DEL' }

/** A sign for a character that has none, or that must not have its effect: `⟨ESC⟩`, `⟨U+202E⟩`. */
export function visibleSign(character: string): string {
  const code = character.codePointAt(0) ?? 0
  return `⟨${NAMES[code] ?? `U+${code.toString(16).toUpperCase().padStart(4, '0')}`}⟩`
}
