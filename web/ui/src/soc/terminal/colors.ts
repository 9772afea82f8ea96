/**
 * The colours of a screen, the same in light and dark: what was recorded was made for a dark screen. Each of the sixteen
 * has at least 4.5:1 against the background.
 */
export const BACKGROUND = '#10161d'
export const FOREGROUND = '#d7dee6'

const SIXTEEN = [
  '#74808c', '#ff8078', '#7fd18b', '#e8c468', '#7fb4ff', '#d9a0f0', '#6fd0d6', FOREGROUND,
  '#93a0ad', '#ffa39d', '#a5e3ad', '#f5dc95', '#a9ccff', '#e8c3f7', '#9fe3e7', '#ffffff',
] as const

/** Steps of the 6×6×6 cube of xterm's 256 colours. */
const CUBE = [0, 95, 135, 175, 215, 255] as const

/** One of the 256 colours as `#rrggbb`. */
export function paletteColor(index: number): string {
  if (index < SIXTEEN.length) return SIXTEEN[index] ?? FOREGROUND
  if (index >= 232) return rgb(8 + (index - 232) * 10, 8 + (index - 232) * 10, 8 + (index - 232) * 10)
  const place = index - SIXTEEN.length
  const step = (digit: number): number => CUBE[digit % 6] ?? 0
  return rgb(step(Math.floor(place / 36)), step(Math.floor(place / 6)), step(place))
}

/** A 24-bit colour as `#rrggbb`. */
export function trueColor(value: number): string {
  return `#${(value & 0xffffff).toString(16).padStart(6, '0')}`
}

function rgb(red: number, green: number, blue: number): string {
  return trueColor((red << 16) | (green << 8) | blue)
}

/** What a program hides by giving text the colour of its background is still shown. */
const LEAST_CONTRAST = 3

/** The colour itself where it can be read on the background, else black or white. */
export function readable(color: string, background: string): string {
  if (contrast(color, background) >= LEAST_CONTRAST) return color
  return luminance(background) > 0.18 ? '#000000' : '#ffffff'
}

/** WCAG 2.2's contrast ratio, 1 to 21. */
export function contrast(one: string, other: string): number {
  const [dark, light] = [luminance(one), luminance(other)].toSorted((a, b) => a - b)
  return ((light ?? 0) + 0.05) / ((dark ?? 0) + 0.05)
}

function luminance(color: string): number {
  const value = Number.parseInt(color.slice(1), 16)
  const linear = (part: number): number => {
    const share = part / 255
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4
  }
  return 0.2126 * linear(value >> 16) + 0.7152 * linear((value >> 8) & 255) + 0.0722 * linear(value & 255)
}
