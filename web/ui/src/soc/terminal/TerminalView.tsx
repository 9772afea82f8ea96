import { Terminal } from '@xterm/xterm'
import { useImperativeHandle, useLayoutEffect, useRef, type Ref } from 'react'
import { Painter } from './painter'
import type { ChannelScreen } from './screen'
import classes from './TerminalView.module.css'

interface TerminalViewProps {
  /** What is seen here, for who does not see it. */
  label: string
  ref: Ref<ChannelScreen>
}

/** A screen of fixed columns × rows that takes no input, as large as its place allows. */
export function TerminalView({ label, ref }: TerminalViewProps) {
  const rows = useRef<HTMLDivElement>(null)
  const emulator = useRef<Emulator>(null)

  useLayoutEffect(() => {
    if (!rows.current) return
    const started = new Emulator(rows.current)
    emulator.current = started
    return () => {
      emulator.current = null
      started.dispose()
    }
  }, [])

  useImperativeHandle(
    ref,
    () => ({
      show: (columns, height, screen) => emulator.current?.show(columns, height, screen),
      output: (bytes) => emulator.current?.terminal.write(bytes),
      resize: (columns, height) => emulator.current?.resize(columns, height),
      text: () => rowsText(rows.current),
    }),
    [],
  )

  return (
    <div className={classes.place} role="region" aria-label={label} tabIndex={0}>
      <div ref={rows} className={classes.screen} />
    </div>
  )
}

/** xterm's parser and buffer, without its display. */
class Emulator {
  readonly terminal = new Terminal({ scrollback: 0, disableStdin: true })
  readonly #painter: Painter
  #hasCursor = true
  #frame = 0

  constructor(place: HTMLElement) {
    this.#painter = new Painter(this.terminal, place)
    this.terminal.onWriteParsed(() => this.#paintSoon())
    this.#watchCursor('h', true)
    this.#watchCursor('l', false)
    this.#paintSoon()
  }

  show(columns: number, rows: number, screen: Uint8Array): void {
    this.terminal.reset()
    this.#hasCursor = true
    this.resize(columns, rows)
    this.terminal.write(screen)
  }

  resize(columns: number, rows: number): void {
    if (columns > 0 && rows > 0) this.terminal.resize(columns, rows)
    this.#paintSoon()
  }

  dispose(): void {
    cancelAnimationFrame(this.#frame)
    this.terminal.dispose()
  }

  /** DECTCEM, which the buffer does not tell. */
  #watchCursor(final: 'h' | 'l', isShown: boolean): void {
    this.terminal.parser.registerCsiHandler({ prefix: '?', final }, (modes) => {
      if (modes.includes(25)) this.#hasCursor = isShown
      return false
    })
  }

  #paintSoon(): void {
    cancelAnimationFrame(this.#frame)
    this.#frame = requestAnimationFrame(() => this.#painter.paint(this.#hasCursor))
  }
}

/** What stands on the screen, without the empty lines at its end. */
function rowsText(rows: HTMLElement | null): string {
  const lines = [...(rows?.children ?? [])].map((row) => (row.textContent ?? '').trimEnd())
  return lines.join('\n').trimEnd()
}
