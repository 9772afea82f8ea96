/** A row of a terminal's buffer as stretches of text that look the same. */
import type { IBufferCell, IBufferLine } from '@xterm/xterm'
import { BACKGROUND, FOREGROUND, paletteColor, readable, trueColor } from './colors'
import { visibleSign } from './neutral-text'

export interface Look {
  /** Nothing where it is the screen's own. */
  color: string | null
  background: string | null
  isBold: boolean
  isItalic: boolean
  isUnderlined: boolean
  isStruck: boolean
}

export interface Run {
  text: string
  /** How many columns it takes. */
  columns: number
  look: Look
  isCursor: boolean
  /** Whether its letters may be wider or narrower than a column, so that its width must be set. */
  isOdd: boolean
}

/** `cursor` is the column of the cursor, or -1 where there is none in this row. */
export function rowRuns(line: IBufferLine, columns: number, cursor: number): Run[] {
  const runs: Run[] = []
  let key = ''
  for (let column = 0; column < columns; column++) {
    const cell = line.getCell(column)
    const width = cell?.getWidth() ?? 0
    if (!cell || width === 0) continue
    const isCursor = column === cursor
    const text = cellText(cell)
    const isOdd = width > 1 || !isPlain(text)
    const look = cellLook(cell)
    const last = runs.at(-1)
    const nextKey = `${isCursor}${Object.values(look).join()}`
    if (last && !last.isOdd && !isOdd && nextKey === key) {
      last.text += text
      last.columns += 1
    } else {
      runs.push({ text, columns: width, look, isCursor, isOdd })
      key = nextKey
    }
  }
  return withoutBlankEnd(runs)
}

function cellText(cell: IBufferCell): string {
  const characters = cell.getChars()
  return characters === '' ? ' ' : characters.replace(REORDERING, visibleSign)
}

/** Controls that change the reading direction of a row are shown, since the row would show something else than was seen. */
const REORDERING = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** Printable ASCII: one column wide in every monospaced font. */
function isPlain(text: string): boolean {
  return /^[\x20-\x7e]$/.test(text)
}

function cellLook(cell: IBufferCell): Look {
  const front = cell.isFgDefault() ? null : cell.isFgRGB() ? trueColor(cell.getFgColor()) : paletteColor(bold(cell))
  const back = cell.isBgDefault() ? null : cell.isBgRGB() ? trueColor(cell.getBgColor()) : paletteColor(cell.getBgColor())
  const isSwapped = cell.isInverse() !== 0
  const color = isSwapped ? (back ?? BACKGROUND) : front
  const background = isSwapped ? (front ?? FOREGROUND) : back
  const shown = readable(color ?? FOREGROUND, background ?? BACKGROUND)
  return {
    color: shown === FOREGROUND ? null : shown,
    background,
    isBold: cell.isBold() !== 0,
    isItalic: cell.isItalic() !== 0,
    isUnderlined: cell.isUnderline() !== 0,
    isStruck: cell.isStrikethrough() !== 0,
  }
}

/** Bold text in one of the first eight colours has the bright one, as terminals do. */
function bold(cell: IBufferCell): number {
  const index = cell.getFgColor()
  return cell.isBold() !== 0 && index < 8 ? index + 8 : index
}

function withoutBlankEnd(runs: Run[]): Run[] {
  const last = runs.at(-1)
  if (!last || last.isCursor || last.look.background !== null || last.look.isUnderlined) return runs
  const text = last.text.trimEnd()
  if (text === '' && !last.isOdd) return withoutBlankEnd(runs.slice(0, -1))
  return [...runs.slice(0, -1), { ...last, text, columns: last.isOdd ? last.columns : text.length }]
}
