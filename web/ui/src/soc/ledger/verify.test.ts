import { expect, it } from 'vitest'
import { factsQuery, NO_FACTS } from './facts'
import { linesOf } from './verify'

function body(...pieces: string[]): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  return new ReadableStream({
    start(to) {
      for (const piece of pieces) to.enqueue(encoder.encode(piece))
      to.close()
    },
  })
}

it('lines are read as they come, however they are cut', async () => {
  const lines: string[] = []
  for await (const line of linesOf(body('{"fac', 'ts":1}\n{"facts":2}\n', '\n{"verdict"', ':{}}'))) lines.push(line)
  expect(lines).toEqual(['{"facts":1}', '{"facts":2}', '{"verdict":{}}'])
  for await (const line of linesOf(null)) throw new Error(line)
})

it('facts are asked for by whole days, and from the page on that was asked for', () => {
  const query = new URLSearchParams(factsQuery({ ...NO_FACTS, kind: 'session-ended', from: '2026-11-01', to: '2026-11-01' }, 50))
  expect([query.get('kind'), query.get('after'), query.has('person')]).toEqual(['session-ended', '50', false])
  expect(Date.parse(query.get('to') ?? '') - Date.parse(query.get('from') ?? '')).toBe(24 * 3_600_000)
})
