import { describe, expect, it } from 'vitest'
import type { PlayerScreen } from '../player/player-state'
import { Watch, type WatchSource } from './watch'

class Wire implements WatchSource {
  readyState = 1
  isClosed = false
  onopen: ((event: Event) => void) | null = null
  onerror: ((event: Event) => void) | null = null
  #listeners = new Map<string, (event: MessageEvent<string>) => void>()

  addEventListener(type: string, listener: (event: MessageEvent<string>) => void): void {
    this.#listeners.set(type, listener)
  }

  close(): void {
    this.isClosed = true
  }

  send(type: string, data: object): void {
    this.#listeners.get(type)?.({ data: JSON.stringify(data) } as MessageEvent<string>)
  }

  open(): void {
    this.onopen?.({} as Event)
  }

  fail(readyState: number): void {
    this.readyState = readyState
    this.onerror?.({} as Event)
  }
}

function screen(): PlayerScreen & { drawn: string[] } {
  const drawn: string[] = []
  const text = (value: Uint8Array): string => new TextDecoder().decode(value)
  return {
    drawn,
    show: (columns, rows, bytes) => drawn.push(`show ${columns}x${rows} ${text(bytes)}`),
    output: (bytes, isError) => drawn.push(`${isError ? '!' : ''}${text(bytes)}`),
    resize: (columns, rows) => drawn.push(`resize ${columns}x${rows}`),
  }
}

const SHELL = { channel: 0, kind: 'shell', columns: 80, rows: 24, command: null }

function watched(): { wire: Wire; watch: Watch } {
  const wire = new Wire()
  const watch = new Watch(wire)
  wire.open()
  wire.send('start', SHELL)
  return { wire, watch }
}

describe('watching', () => {
  it('hands each channel its own bytes', () => {
    const { wire, watch } = watched()
    wire.send('start', { channel: 1, kind: 'exec', columns: 0, rows: 0, command: 'uname -a' })
    const [shell, exec] = [screen(), screen()]
    watch.attach(0, shell)
    watch.attach(1, exec)
    wire.send('screen', { channel: 0, columns: 80, rows: 24, data: btoa('$ ') })
    wire.send('output', { channel: 1, at_ms: 5, data: btoa('Linux') })
    wire.send('output', { channel: 1, at_ms: 6, data: btoa('no'), stream: 'e' })
    wire.send('resize', { channel: 0, columns: 132, rows: 43 })
    expect(shell.drawn).toEqual(['show 80x24 $ ', 'resize 132x43'])
    expect(exec.drawn).toEqual(['Linux', '!no'])
    expect(watch.state.channels.map((channel) => channel.columns)).toEqual([132, 0])
  })

  it('keeps what comes before the screen is there, from the last whole screen on', () => {
    const { wire, watch } = watched()
    wire.send('output', { channel: 0, at_ms: 1, data: btoa('gone') })
    wire.send('screen', { channel: 0, columns: 80, rows: 24, data: btoa('$') })
    wire.send('output', { channel: 0, at_ms: 2, data: btoa('ls') })
    const shell = screen()
    watch.attach(0, shell)
    expect(shell.drawn).toEqual(['show 80x24 $', 'ls'])
  })

  it('knows pauses, ends and what was left out', () => {
    const { wire, watch } = watched()
    wire.send('state', { paused: true, closes: '2026-11-23T23:00:00Z', said: 'look here' })
    wire.send('skipped', { bytes: 10 })
    wire.send('skipped', { bytes: 5 })
    wire.send('end', { channel: 0 })
    expect(watch.state).toMatchObject({ isPaused: true, said: 'look here', skippedBytes: 15 })
    expect(watch.state.channels[0]?.isOver).toBe(true)
  })

  it('puts the steps of a web request together, also of one that began before', () => {
    const { wire, watch } = watched()
    wire.send('http', { kind: 'http-request', n: 1, at_ms: 5, channel: 1, method: 'GET', url: 'https://c/pumps' })
    wire.send('http', { kind: 'http-response', n: 0, at_ms: 6, channel: 2, status: 404, media: 'text/html' })
    wire.send('http', { kind: 'http-response', n: 1, at_ms: 7, channel: 1, status: 101 })
    wire.send('http', { kind: 'http-upgrade', n: 1, at_ms: 7, channel: 1, protocol: 'websocket' })
    wire.send('http', { kind: 'http-response-end', n: 0, at_ms: 8, channel: 2, bytes: '12', outcome: 'complete' })
    const [first, second] = watch.state.transactions
    expect(first).toMatchObject({ n: 1, at: 5, method: 'GET', status: 101, protocol: 'websocket', outcome: null })
    expect(second).toMatchObject({ n: 0, status: 404, bytes: 12, outcome: 'complete' })
    for (let n = 10; n < 400; n++) wire.send('http', { kind: 'http-request', n, at_ms: n, channel: 1, method: 'GET', url: '/' })
    expect(watch.state.transactions).toHaveLength(300)
    expect(watch.state.transactions.at(-1)?.n).toBe(399)
  })

  it('says when it is cut off, and starts each channel anew in its place', () => {
    const { wire, watch } = watched()
    wire.fail(0)
    expect(watch.state.connection).toBe('cut')
    wire.open()
    wire.send('start', SHELL)
    expect(watch.state.connection).toBe('watching')
    expect(watch.state.channels).toHaveLength(1)
  })

  it('tells being refused from being cut off', () => {
    const { wire, watch } = watched()
    wire.fail(2)
    expect(watch.state.connection).toBe('refused')
  })

  it('is done when the visit is, and does not ask again', () => {
    const { wire, watch } = watched()
    wire.send('over', { reason: 'window closed' })
    wire.fail(2)
    expect(wire.isClosed).toBe(true)
    expect(watch.state).toMatchObject({ over: 'window closed', connection: 'watching' })
  })
})
