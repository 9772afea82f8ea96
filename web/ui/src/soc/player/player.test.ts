import { describe, expect, it } from 'vitest'
import type { Idle } from './idle'
import type { Piece, PlayEvent } from './piece'
import { Player } from './player'
import type { PlayerScreen } from './player-state'

/** A server whose answers are given by hand, a clock that is set by hand, and a screen that notes what it is told. */
class Bench {
  clock = 0
  drawn: string[] = []
  asked: { channel: number; from: number; signal: AbortSignal }[] = []
  #answers: { resolve: (piece: Piece) => void; reject: (problem: Error) => void }[] = []
  player: Player

  constructor(extent: { duration?: number; idle?: Idle[]; end?: number } = {}) {
    const duration = extent.duration ?? 60_000
    this.player = new Player(
      (channel, from, signal) => {
        this.asked.push({ channel, from, signal })
        return new Promise((resolve, reject) => this.#answers.push({ resolve, reject }))
      },
      () => this.clock,
      { duration, idle: extent.idle ?? [], endOf: () => extent.end ?? duration },
    )
  }

  screen: PlayerScreen = {
    show: (columns, rows, screen) => this.drawn.push(`show ${columns}x${rows} ${text(screen)}`),
    output: (bytes, isError) => this.drawn.push(isError ? `!${text(bytes)}` : text(bytes)),
    resize: (columns, rows) => this.drawn.push(`resize ${columns}x${rows}`),
  }

  async answer(piece: Partial<Piece>): Promise<void> {
    this.#answers.shift()?.resolve({
      from: 0,
      columns: 80,
      rows: 24,
      screen: bytes('$'),
      events: [],
      next: null,
      ...piece,
    })
    await settled()
  }

  async refuse(): Promise<void> {
    this.#answers.shift()?.reject(new Error('no'))
    await settled()
  }

  wait(ms: number): void {
    this.clock += ms
    this.player.tick()
  }

  async opened(events: PlayEvent[], next: number | null = null, at = 0): Promise<void> {
    this.player.open(0, at, this.screen)
    await this.answer({ events, next })
  }
}

const bytes = (value: string): Uint8Array => new TextEncoder().encode(value)
const text = (value: Uint8Array): string => new TextDecoder().decode(value)
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve))
const output = (at: number, value: string, isError = false): PlayEvent => ({
  kind: 'output',
  at,
  bytes: bytes(value),
  isError,
})

describe('opening', () => {
  it('draws the screen as it was at that second, with one request, and stays paused', async () => {
    const bench = new Bench()
    await bench.opened([output(12_000, 'at'), output(12_500, 'later')], null, 12_000)
    expect(bench.asked.map(({ from }) => from)).toEqual([12_000])
    expect(bench.drawn).toEqual(['show 80x24 $', 'at'])
    expect(bench.player.state).toMatchObject({ phase: 'paused', position: 12_000, bufferedTo: Infinity })
  })

  it('keeps a moment outside the recording inside it', () => {
    const bench = new Bench({ duration: 5_000 })
    bench.player.open(0, 99_000, bench.screen)
    expect(bench.asked[0]?.from).toBe(5_000)
    bench.player.open(0, Number.NaN, bench.screen)
    expect(bench.asked[1]?.from).toBe(0)
  })
})

describe('playing', () => {
  it('draws every event at its time, resizes and error output too, and stops at the end', async () => {
    const bench = new Bench({ duration: 3_000 })
    await bench.opened([
      output(1_000, 'a'),
      { kind: 'resize', at: 1_500, columns: 132, rows: 43 },
      output(2_000, 'b', true),
    ])
    bench.player.play()
    bench.wait(999)
    expect(bench.drawn).toEqual(['show 80x24 $'])
    bench.wait(1)
    expect(bench.drawn.slice(1)).toEqual(['a'])
    bench.wait(1_100)
    expect(bench.drawn.slice(1)).toEqual(['a', 'resize 132x43', '!b'])
    bench.wait(5_000)
    expect(bench.player.state).toMatchObject({ phase: 'ended', position: 3_000, isOn: false })
  })

  it('goes at the chosen speed, from where it is when the speed changes', async () => {
    const bench = new Bench()
    await bench.opened([])
    bench.player.play()
    bench.wait(1_000)
    bench.player.setSpeed(16)
    bench.wait(1_000)
    expect(bench.player.state.position).toBe(17_000)
    bench.player.setSpeed(0.5)
    bench.wait(1_000)
    expect(bench.player.state.position).toBe(17_500)
  })

  it('steps through the speeds and no further', async () => {
    const bench = new Bench()
    await bench.opened([])
    bench.player.slower()
    bench.player.slower()
    expect(bench.player.state.speed).toBe(0.5)
    for (let step = 0; step < 9; step++) bench.player.faster()
    expect(bench.player.state.speed).toBe(16)
  })

  it('pauses where it is, and time that passes meanwhile does not count', async () => {
    const bench = new Bench()
    await bench.opened([output(2_500, 'late')])
    bench.player.play()
    bench.clock += 2_000
    bench.player.toggle()
    expect(bench.player.state).toMatchObject({ phase: 'paused', position: 2_000 })
    bench.wait(60_000)
    bench.player.toggle()
    bench.wait(499)
    expect(bench.drawn).not.toContain('late')
    bench.wait(1)
    expect(bench.drawn).toContain('late')
  })

  it('stops a channel at its own end, and begins again when played from there', async () => {
    const bench = new Bench({ duration: 60_000, end: 2_000 })
    await bench.opened([])
    bench.player.play()
    bench.wait(3_000)
    expect(bench.player.state).toMatchObject({ phase: 'ended', position: 2_000 })
    bench.player.play()
    expect(bench.asked.at(-1)?.from).toBe(0)
    await bench.answer({})
    expect(bench.player.state).toMatchObject({ phase: 'playing', position: 0 })
  })
})

describe('fetching ahead', () => {
  it('asks for the next piece before the present one runs out, once', async () => {
    const bench = new Bench()
    await bench.opened([], 30_000)
    bench.player.play()
    bench.wait(14_000)
    expect(bench.asked).toHaveLength(1)
    bench.wait(2_000)
    bench.wait(1_000)
    expect(bench.asked.map(({ from }) => from)).toEqual([0, 30_000])
    await bench.answer({ from: 30_000, screen: bytes('not drawn'), events: [output(30_500, 'next')] })
    bench.wait(14_000)
    expect(bench.drawn).toEqual(['show 80x24 $', 'next'])
  })

  it('fetches further ahead when it plays faster', async () => {
    const bench = new Bench({ duration: 600_000 })
    await bench.opened([], 200_000)
    bench.player.setSpeed(16)
    bench.player.play()
    bench.wait(10)
    expect(bench.asked).toHaveLength(2)
  })

  it('waits for a piece that is late, and goes on when it is there', async () => {
    const bench = new Bench()
    await bench.opened([], 2_000)
    bench.player.play()
    bench.wait(3_000)
    expect(bench.player.state).toMatchObject({ phase: 'waiting', position: 2_000 })
    bench.clock += 8_000
    await bench.answer({ from: 2_000, events: [output(2_100, 'x')] })
    expect(bench.player.state).toMatchObject({ phase: 'playing', position: 2_000 })
    bench.wait(100)
    expect(bench.drawn.at(-1)).toBe('x')
  })

  it('asks again only when a piece that failed is needed, and says so if it fails then', async () => {
    const bench = new Bench()
    await bench.opened([], 10_000)
    bench.player.play()
    await bench.refuse()
    bench.wait(5_000)
    bench.wait(16)
    expect(bench.asked).toHaveLength(2)
    expect(bench.player.state.phase).toBe('playing')
    bench.wait(6_000)
    expect(bench.asked).toHaveLength(3)
    await bench.refuse()
    expect(bench.player.state).toMatchObject({ phase: 'failed', position: 10_000 })
    bench.player.retry()
    expect(bench.asked.at(-1)?.from).toBe(10_000)
    await bench.answer({ from: 10_000 })
    expect(bench.player.state.phase).toBe('playing')
  })
})

describe('seeking', () => {
  it('forward within what is there draws what lies between and asks for nothing', async () => {
    const bench = new Bench()
    await bench.opened([output(1_000, 'a'), output(2_000, 'b'), output(3_000, 'c')])
    bench.player.seek(2_000)
    expect(bench.drawn).toEqual(['show 80x24 $', 'a', 'b'])
    expect(bench.asked).toHaveLength(1)
    expect(bench.player.state).toMatchObject({ phase: 'paused', position: 2_000 })
  })

  it('back is one request and a fresh screen', async () => {
    const bench = new Bench()
    await bench.opened([output(1_000, 'a')])
    bench.player.seek(5_000)
    bench.player.seekBy(-4_500)
    expect(bench.asked.map(({ from }) => from)).toEqual([0, 500])
    await bench.answer({ from: 500, screen: bytes('then') })
    expect(bench.drawn).toEqual(['show 80x24 $', 'a', 'show 80x24 then'])
  })

  it('takes the last of several seeks and gives the others up', async () => {
    const bench = new Bench()
    await bench.opened([], 1_000)
    await bench.answer({ from: 1_000, next: 2_000 })
    bench.player.seek(50_000)
    bench.player.seek(20_000)
    expect(bench.asked.at(-2)?.signal.aborted).toBe(true)
    await bench.answer({ screen: bytes('too late') })
    await bench.answer({ screen: bytes('right') })
    expect(bench.drawn).not.toContain('show 80x24 too late')
    expect(bench.player.state.position).toBe(20_000)
  })

  it('while playing goes on playing', async () => {
    const bench = new Bench()
    await bench.opened([])
    bench.player.play()
    bench.wait(9_000)
    bench.player.seek(1_000)
    expect(bench.player.state.phase).toBe('loading')
    await bench.answer({ from: 1_000 })
    bench.wait(500)
    expect(bench.player.state).toMatchObject({ phase: 'playing', position: 1_500 })
  })
})

describe('skipping idle time', () => {
  const idle = [{ from_ms: 5_000, to_ms: 40_000 }]

  it('plays a moment of the pause, then goes on just before the next activity', async () => {
    const bench = new Bench({ idle })
    await bench.opened([output(40_000, 'back')])
    bench.player.play()
    bench.wait(5_700)
    expect(bench.player.state.position).toBe(5_700)
    bench.wait(200)
    expect(bench.player.state.position).toBe(39_700)
    bench.wait(300)
    expect(bench.drawn.at(-1)).toBe('back')
  })

  it('asks for what lies behind the pause when it is not there yet', async () => {
    const bench = new Bench({ idle })
    await bench.opened([], 20_000)
    bench.player.play()
    bench.wait(6_000)
    expect(bench.asked.at(-1)?.from).toBe(39_700)
    await bench.answer({ from: 39_700 })
    await bench.answer({ from: 39_700 })
    expect(bench.player.state).toMatchObject({ phase: 'playing', position: 39_700 })
  })

  it('is a choice', async () => {
    const bench = new Bench({ idle })
    await bench.opened([])
    bench.player.setSkipsIdle(false)
    bench.player.play()
    bench.wait(6_000)
    expect(bench.player.state.position).toBe(6_000)
  })
})

it('a closed player draws nothing more', async () => {
  const bench = new Bench()
  bench.player.open(0, 0, bench.screen)
  bench.player.close()
  await bench.answer({})
  expect(bench.drawn).toEqual([])
  expect(bench.asked[0]?.signal.aborted).toBe(true)
})
