import { describe, expect, it } from 'vitest'
import { readContent } from './content'

describe('the content of an alert', () => {
  it('is read as the gate writes it', () => {
    const content = readContent({
      verdict: 'Off schedule: late by 3 h 10 min',
      outcome: 'refused',
      who: { proven: true, person: 'p', login: 'dana', name: 'Dana Reyes', proof: 'publickey' },
      what: { target: 't', name: 'alaris-sm-01', pumps: 412, patient_data: true, in_clinical_use: false },
      when: { utc: '2026-11-23T02:10:00Z', local: 'Mon 2026-11-23 03:10:00 CET' },
      windows: { before: { window: 'w', opens: 'o', closes: 'c', off: 'closed 3 h 10 min before', theirs: true } },
      sessions_now: [{ session: 's', person: 'Ana' }, 'nonsense'],
      what_next: ['one', 'two', 'three'],
      techniques: [{ id: 'T1078', name: 'Valid Accounts' }, { name: 'no id' }],
      attack_version: '19',
      fact: 42,
    })
    expect(content.who).toMatchObject({ isProven: true, login: 'dana', secondFactor: null })
    expect(content.what).toMatchObject({ isKnown: true, pumps: 412, hasPatientData: true, isInClinicalUse: false })
    expect(content.windows.before).toMatchObject({ off: 'closed 3 h 10 min before', isTheirs: true })
    expect(content.windows.after).toBeNull()
    expect(content.sessionsNow.map((row) => row.session)).toEqual(['s'])
    expect(content.techniques).toEqual([{ id: 'T1078', name: 'Valid Accounts' }])
    expect(content.fact).toBe('42')
  })

  it('a server that the caller made up is not known', () => {
    expect(readContent({ what: { name: 'nowhere', known: false } }).what).toMatchObject({
      name: 'nowhere',
      isKnown: false,
    })
  })

  it.each([[null], ['text'], [[]], [{ who: 7, what: [], windows: 'x', what_next: {}, techniques: null }]])(
    'of another form is nothing, and no fault: %j',
    (value) => {
      const content = readContent(value)
      expect(content.verdict).toBeNull()
      expect(content.who.isProven).toBe(false)
      expect(content.steps).toEqual([])
    },
  )
})
