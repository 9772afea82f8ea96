import { describe, expect, it } from 'vitest'
import { dueWords, nextDue } from './due'

const at = (minutes: number): string => new Date(minutes * 60_000).toISOString()
const due = { acknowledge: at(15), decide: at(30), close: at(60) }
const minutes = (count: number): number => count * 60_000

describe('what an alert wants next', () => {
  it('is to be taken while it is new, even when that is late', () => {
    expect(nextDue({ state: 'new', due }, minutes(0))).toEqual({ act: 'take', at: minutes(15) })
    expect(nextDue({ state: 'new', due }, minutes(40))?.act).toBe('take')
  })

  it('is a decision once it is taken, and then to be closed', () => {
    expect(nextDue({ state: 'acknowledged', due }, minutes(20))?.act).toBe('decide')
    expect(nextDue({ state: 'acknowledged', due }, minutes(31))).toEqual({ act: 'close', at: minutes(60) })
  })

  it('is nothing when it is closed or has no times', () => {
    expect(nextDue({ state: 'closed', due }, 0)).toBeNull()
    expect(nextDue({ state: 'new' }, 0)).toBeNull()
    expect(nextDue({ state: 'new', due: { acknowledge: null, decide: null, close: null } }, 0)).toBeNull()
  })

  it('is said in words, late or not', () => {
    expect(dueWords({ act: 'take', at: minutes(15) }, minutes(3))).toBe('take in 12 min')
    expect(dueWords({ act: 'close', at: 0 }, minutes(185))).toBe('close 3 h 5 min late')
  })
})
