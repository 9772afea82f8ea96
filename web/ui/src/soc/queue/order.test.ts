import { describe, expect, it } from 'vitest'
import { byTime, byUrgency, cursorIndex, type QueuedAlert } from './order'

const minutes = (count: number): string => new Date(count * 60_000).toISOString()

function alert(id: string, severity: string, takeBy: number | null, last = 0): QueuedAlert {
  const due = takeBy === null ? null : { acknowledge: minutes(takeBy), decide: null, close: null }
  return { id, severity, state: 'new', last_at: minutes(last), due }
}

describe('the order of the queue', () => {
  it('is the worst first, then the least time left, then the newest', () => {
    const alerts = [
      alert('low', 'low', 1),
      alert('high-late', 'high', 90),
      alert('high-soon', 'high', 5),
      alert('high-undated-old', 'high', null, 1),
      alert('high-undated-new', 'high', null, 2),
      alert('critical', 'critical', 500),
    ]
    expect(byUrgency(alerts, 0).map((each) => each.id)).toEqual([
      'critical',
      'high-soon',
      'high-late',
      'high-undated-new',
      'high-undated-old',
      'low',
    ])
  })

  it('puts a severity that it does not know on top, where it is seen', () => {
    expect(byUrgency([alert('a', 'critical', 1), alert('b', 'apocalyptic', 1)], 0)[0]?.id).toBe('b')
  })

  it('does not depend on the order in which they came', () => {
    const alerts = [alert('b', 'low', 1), alert('a', 'low', 1), alert('c', 'low', 1)]
    expect(byUrgency(alerts, 0)).toEqual(byUrgency(alerts.toReversed(), 0))
  })

  it('of closed ones is the newest first', () => {
    expect(byTime([alert('old', 'critical', null, 1), alert('new', 'low', null, 2)])[0]?.id).toBe('new')
  })
})

describe('the keyboard cursor', () => {
  it('stays on its alert while the queue moves', () => {
    expect(cursorIndex(['x', 'a', 'b'], { id: 'b', index: 1 })).toBe(2)
  })

  it('stays at the place when its alert leaves, and never points behind the end', () => {
    expect(cursorIndex(['a', 'c'], { id: 'b', index: 1 })).toBe(1)
    expect(cursorIndex(['a'], { id: 'b', index: 1 })).toBe(0)
    expect(cursorIndex([], { id: 'b', index: 1 })).toBe(-1)
    expect(cursorIndex(['a'], null)).toBe(-1)
  })
})
