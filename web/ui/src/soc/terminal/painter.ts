/**
 * Draws a terminal's buffer as text: rows of spans that can be selected, copied, magnified and read aloud.
 *
 * xterm's own renderers are not used. They write style attributes and make style elements with the page's document, which
 * a strict content security policy forbids; here every style is a class or goes through the CSSOM.
 */
import type { Terminal } from '@xterm/xterm'
import { rowRuns, type Run } from './runs'
import classes from './TerminalView.module.css'

export class Painter {
  readonly #terminal: Terminal
  readonly #place: HTMLElement
  /** What each row shows, so that only rows that change are drawn again. */
  #shown: string[] = []

  constructor(terminal: Terminal, place: HTMLElement) {
    this.#terminal = terminal
    this.#place = place
  }

  paint(hasCursor: boolean): void {
    const { active } = this.#terminal.buffer
    this.#fit()
    for (let row = 0; row < this.#terminal.rows; row++) {
      const line = active.getLine(active.baseY + row)
      const element = this.#place.children[row]
      if (!line || !element) continue
      const cursor = hasCursor && row === active.cursorY ? Math.min(active.cursorX, this.#terminal.cols - 1) : -1
      const runs = rowRuns(line, this.#terminal.cols, cursor)
      const shown = JSON.stringify(runs)
      if (shown === this.#shown[row]) continue
      this.#shown[row] = shown
      element.replaceChildren(...runs.map(paintRun))
    }
  }

  #fit(): void {
    const { cols, rows } = this.#terminal
    this.#place.style.setProperty('--columns', String(cols))
    this.#place.style.setProperty('--rows', String(rows))
    while (this.#place.childElementCount > rows) this.#place.lastElementChild?.remove()
    this.#shown.length = Math.min(this.#shown.length, rows)
    while (this.#place.childElementCount < rows) {
      const row = this.#place.ownerDocument.createElement('div')
      row.className = classes.row ?? ''
      this.#place.append(row)
    }
  }
}

function paintRun(run: Run): HTMLSpanElement {
  const { look } = run
  const span = document.createElement('span')
  const marks = [
    run.isCursor && classes.cursor,
    run.isOdd && classes.odd,
    look.isBold && classes.bold,
    look.isItalic && classes.italic,
    look.isUnderlined && classes.underlined,
    look.isStruck && classes.struck,
  ]
  span.className = marks.filter(Boolean).join(' ')
  span.textContent = run.text
  if (look.color) span.style.color = look.color
  if (look.background) span.style.backgroundColor = look.background
  if (run.isOdd) span.style.width = `${run.columns}ch`
  return span
}
