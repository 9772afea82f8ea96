import { describe, expect, it } from 'vitest'
import type { HoldView, WordView } from './queries'
import { keepKindWords, keepsOf } from './keep'
import { shows, waits, wishWords, wordsOf, wordStateWords } from './words'

const NOW = Date.parse('2026-11-25T21:00:00Z')

function word(part: Partial<WordView>): WordView {
  return {
    id: 'w',
    act: 'unmask-input',
    subject: 'visit-1',
    detail: {},
    state: 'asked',
    reason: 'incident 7',
    asked_by: 'sam',
    asked: '2026-11-25T20:00:00Z',
    answered_by: null,
    answered: null,
    expires: '2026-11-25T22:00:00Z',
    ...part,
  }
}

describe('a word that takes two', () => {
  it('waits until it is answered or its time is over', () => {
    expect(waits(word({}), NOW)).toBe(true)
    expect(waits(word({ state: 'agreed' }), NOW)).toBe(false)
    expect(waits(word({ expires: '2026-11-25T21:00:00Z' }), NOW)).toBe(false)
  })

  it('shows typed input only to who asked, of that visit, and in its time', () => {
    const agreed = word({ state: 'agreed', answered_by: 'lee' })
    expect(shows(agreed, 'visit-1', 'sam', NOW)).toBe(true)
    expect(shows(agreed, 'visit-1', 'lee', NOW)).toBe(false)
    expect(shows(agreed, 'visit-2', 'sam', NOW)).toBe(false)
    expect(shows(agreed, 'visit-1', 'sam', Date.parse(agreed.expires))).toBe(false)
    expect(shows(word({}), 'visit-1', 'sam', NOW)).toBe(false)
  })

  it('says where it stands', () => {
    expect(wordStateWords(word({}), NOW)).toContain('second person')
    expect(wordStateWords(word({ state: 'agreed', expires: '2026-11-25T20:59:00Z' }), NOW)).toContain('over')
    expect(wordStateWords(word({ state: 'a-new-state' }), NOW)).toBe('a-new-state')
    expect(wishWords(word({ act: 'shorten-retention', subject: 'class standard' }))).toContain('shorter')
    expect(wishWords(word({ act: 'shorten-retention', subject: 'run' }))).toContain('go on')
  })

  it('stands with its visit, the newest first', () => {
    const words = [word({ id: 'old' }), word({ id: 'other', subject: 'x' }), word({ id: 'new', asked: '2026-11-25T20:30:00Z' })]
    expect(wordsOf(words, 'visit-1').map(({ id }) => id)).toEqual(['new', 'old'])
  })
})

it('a keep is of one thing', () => {
  const keep = { id: 'k', kind: 'target', name: 'alaris-sm-01', reason: '', by: 'sam', at: '' } as HoldView
  expect(keepsOf([keep], 'target', 'alaris-sm-01')).toEqual([keep])
  expect(keepsOf([keep], 'vendor', 'alaris-sm-01')).toEqual([])
  expect(keepKindWords('session')).toBe('Visit')
})
