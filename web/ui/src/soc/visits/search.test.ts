import { describe, expect, it } from 'vitest'
import { momentOf } from '../player/clock-words'
import { NO_FILTER } from './filter'
import { hitPath, searchQuery, seenWords } from './search'

describe('a search for text', () => {
  it('asks with what a search knows of the filter, and with the reason', () => {
    const filter = { ...NO_FILTER, text: 'library.db', why: 'incident 7', person: 'dana', vendor: 'Meridian', state: 'ended' as const }
    const query = new URLSearchParams(searchQuery({ ...filter, from: '2026-11-01' }))
    expect([query.get('q'), query.get('reason'), query.get('person')]).toEqual(['library.db', 'incident 7', 'dana'])
    expect([query.has('vendor'), query.has('state'), query.has('to'), query.has('from')]).toEqual([false, false, false, true])
  })

  it('leads to the second and the channel of a hit', () => {
    const path = hitPath({ link: '/soc/visits/abc?at=61500', channel: 3 })
    expect(path).toBe('/soc/visits/abc?at=61500&channel=3')
    expect(momentOf(new URL(path, 'http://gate').searchParams)).toBe(61_500)
  })

  it('says what is only a hint', () => {
    expect(seenWords('command-guess')).toContain('hint')
    expect(seenWords('a-new-place')).toBe('a-new-place')
  })
})

describe('where an address says to begin', () => {
  it('is the second of a link before the moment of a hit', () => {
    expect(momentOf(new URLSearchParams('t=2.5&at=9000'))).toBe(2_500)
    expect(momentOf(new URLSearchParams('at=9000'))).toBe(9_000)
  })

  it('is the beginning for what is no number', () => {
    for (const text of ['', 'at=-5', 'at=soon', 'at=1e9', 't=x']) expect(momentOf(new URLSearchParams(text))).toBe(0)
  })
})
