import { describe, expect, it } from 'vitest'
import { filterAddress, filterFromAddress, filterQuery, isFiltered, NO_FILTER } from './filter'

describe('the filter of visits', () => {
  it('survives being an address', () => {
    const filter = { ...NO_FILTER, person: 'dana', target: 'alaris-sm-01', from: '2026-11-01', state: 'live' as const }
    expect(filterFromAddress(filterAddress(filter))).toEqual(filter)
    expect(filterAddress(NO_FILTER).toString()).toBe('')
  })

  it('leaves out what it does not know', () => {
    expect(filterFromAddress(new URLSearchParams('state=asleep&colour=red&person=%20dana%20'))).toEqual({
      ...NO_FILTER,
      person: 'dana',
    })
  })

  it('asks the gate for whole days, the last one with its end', () => {
    const query = new URLSearchParams(filterQuery({ ...NO_FILTER, from: '2026-11-01', to: '2026-11-01' }))
    const [from, to] = [query.get('from'), query.get('to')].map((time) => Date.parse(time ?? ''))
    expect((to ?? 0) - (from ?? 0)).toBe(24 * 3_600_000)
    expect(new Date(from ?? 0).getHours()).toBe(0)
  })

  it('does not ask for a day that is none', () => {
    expect(new URLSearchParams(filterQuery({ ...NO_FILTER, from: 'yesterday' })).get('from')).toBeNull()
  })

  it('is one only with something to look for', () => {
    expect(isFiltered({ ...NO_FILTER, before: 'id' })).toBe(false)
    expect(isFiltered({ ...NO_FILTER, vendor: 'Meridian' })).toBe(true)
  })
})
