import { Terminal } from '@xterm/xterm'
import { describe, expect, it } from 'vitest'
import { BACKGROUND, contrast, FOREGROUND, paletteColor, readable } from './colors'
import { rowRuns, type Run } from './runs'

async function row(output: string, cursor = -1): Promise<Run[]> {
  const terminal = new Terminal({ cols: 40, rows: 2, scrollback: 0 })
  await new Promise<void>((done) => terminal.write(output, done))
  const line = terminal.buffer.active.getLine(0)
  if (!line) throw new Error('no row')
  return rowRuns(line, 40, cursor)
}

describe('a row of the screen', () => {
  it('is one run where it looks the same, without its blank end', async () => {
    const runs = await row('hello world')
    expect(runs.map(({ text, columns }) => [text, columns])).toEqual([['hello world', 11]])
    expect(await row('')).toEqual([])
  })

  it('is a run for each look, colours of all kinds', async () => {
    const runs = await row('a\u001b[31mb\u001b[0;38;5;33mc\u001b[0;38;2;255;100;0md\u001b[0;7me\u001b[0;1;4;9mf')
    expect(runs.map(({ text, look }) => [text, look.color, look.background])).toEqual([
      ['a', null, null],
      ['b', paletteColor(1), null],
      ['c', '#0087ff', null],
      ['d', '#ff6400', null],
      ['e', BACKGROUND, FOREGROUND],
      ['f', null, null],
    ])
    expect(runs.at(-1)?.look).toMatchObject({ isBold: true, isUnderlined: true, isStruck: true })
  })

  it('keeps columns where letters are wide or not of the font', async () => {
    const runs = await row('a東é│b')
    expect(runs.map(({ text, columns, isOdd }) => [text, columns, isOdd])).toEqual([
      ['a', 1, false],
      ['東', 2, true],
      ['é', 1, true],
      ['│', 1, true],
      ['b', 1, false],
    ])
  })

  it('shows the cursor, also on a blank', async () => {
    const runs = await row('ab', 3)
    expect(runs.map(({ text, isCursor }) => [text, isCursor])).toEqual([
      ['ab ', false],
      [' ', true],
    ])
  })

  it('shows text that was hidden by its colour', async () => {
    const [run] = await row('\u001b[38;2;16;22;29msecret')
    expect(run?.text).toBe('secret')
    expect(contrast(run?.look.color ?? '', BACKGROUND)).toBeGreaterThan(4.5)
  })
})

describe('colours', () => {
  it('the sixteen can be read on the background', () => {
    for (let index = 0; index < 16; index++) {
      expect(contrast(paletteColor(index), BACKGROUND), `colour ${index}`).toBeGreaterThanOrEqual(4.4)
    }
  })

  it('the cube and the greys are those of xterm', () => {
    expect([16, 196, 231, 232, 255].map(paletteColor)).toEqual([
      '#000000', '#ff0000', '#ffffff', '#080808', '#eeeeee',
    ])
  })

  it('are changed only where they could not be read', () => {
    expect(readable('#ff0000', '#000000')).toBe('#ff0000')
    expect(readable('#111111', '#000000')).toBe('#ffffff')
    expect(readable('#eeeeee', '#ffffff')).toBe('#000000')
  })
})
