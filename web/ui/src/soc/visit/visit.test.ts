import { describe, expect, it } from 'vitest'
import type { SessionView } from '../wire'
import { byTimeLeft, isContinued, isLive, timeLeft, visitLength, visitStateWords } from './visit'

function visit(part: Partial<SessionView>): SessionView {
  return {
    id: 'v',
    state: 'live',
    person: 'dana',
    target: 'alaris-sm-01',
    account: 'svc',
    window: null,
    source: '203.0.113.77:50022',
    node: 'gate-1',
    admitted_at: '2026-11-25T21:00:00Z',
    started_at: '2026-11-25T21:00:10Z',
    ended_at: null,
    sealed: false,
    end_reason: null,
    paused: false,
    ...part,
  }
}

describe('a visit', () => {
  it('is live from when it is let in until it has ended', () => {
    expect(['admitted', 'live', 'ended', 'sealed', 'lost', 'never-started'].map((state) => isLive({ state }))).toEqual([
      true, true, false, false, false, false,
    ])
  })

  it('says that its input is paused only while it is live', () => {
    expect(visitStateWords({ state: 'live', paused: true })).toBe('Live, input paused')
    expect(visitStateWords({ state: 'live', paused: false, awaits_observer: true })).toBe('Live, waits for an observer')
    expect(visitStateWords({ state: 'sealed', paused: true, awaits_observer: true })).toBe('Ended')
    expect(visitStateWords({ state: 'a-new-state', paused: false })).toBe('a-new-state')
  })

  it('is continued when it is part of an earlier one', () => {
    expect(isContinued(visit({ id: 'b', visit: 'a' }))).toBe(true)
    expect([visit({ id: 'a', visit: 'a' }), visit({ id: 'a' })].map(isContinued)).toEqual([false, false])
  })

  it('lasts from its start to its end, or until now', () => {
    const now = Date.parse('2026-11-25T21:05:10Z')
    expect(visitLength(visit({}), now)).toBe(300_000)
    expect(visitLength(visit({ ended_at: '2026-11-25T21:01:10Z' }), now)).toBe(60_000)
    expect(visitLength(visit({ state: 'never-started' }), now)).toBeNull()
  })

  it('has time left as far as its window is known', () => {
    const now = Date.parse('2026-11-25T21:50:00Z')
    expect(timeLeft(visit({ closes: '2026-11-25T22:00:00Z' }), now)).toBe(600_000)
    expect(timeLeft(visit({}), now)).toBeNull()
  })
})

it('live visits stand in the order in which their windows close, unknown ones last', () => {
  const visits = [
    visit({ id: 'unknown-late', admitted_at: '2026-11-25T21:30:00Z' }),
    visit({ id: 'unknown-early', admitted_at: '2026-11-25T20:30:00Z' }),
    visit({ id: 'later', closes: '2026-11-25T23:00:00Z' }),
    visit({ id: 'soon', closes: '2026-11-25T22:00:00Z' }),
  ]
  expect(byTimeLeft(visits).map((each) => each.id)).toEqual(['soon', 'later', 'unknown-early', 'unknown-late'])
})
