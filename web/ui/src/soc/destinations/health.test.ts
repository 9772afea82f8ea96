import { describe, expect, it } from 'vitest'
import type { DestinationView } from '../wire'
import { isStuck, stateWords, testWords } from './health'

const now = Date.parse('2026-11-25T21:00:00Z')
const destination = (part: Partial<DestinationView>): DestinationView => ({
  id: 'd',
  name: 'soc',
  kind: 'syslog',
  url: 'tcp://127.0.0.1:6514',
  enabled: true,
  all_events: false,
  waiting: 0,
  oldest: null,
  last_error: null,
  ...part,
})

describe('a destination', () => {
  it('is well when nothing waits, or not for long', () => {
    expect(stateWords(destination({}), now)).toBe('✓ Nothing waits.')
    const brief = destination({ waiting: 1, oldest: '2026-11-25T20:59:30Z' })
    expect(isStuck(brief, now)).toBe(false)
    expect(stateWords(brief, now)).toBe('1 message waits.')
  })

  it('is stuck when something waits for more than a minute', () => {
    const stuck = destination({ waiting: 412, oldest: '2026-11-25T20:15:00Z' })
    expect(isStuck(stuck, now)).toBe(true)
    expect(stateWords(stuck, now)).toBe('✕ Stuck: 412 messages wait for 45 min.')
  })

  it('that is switched off is never said to be well', () => {
    expect(isStuck(destination({ enabled: false }), now)).toBe(true)
    expect(stateWords(destination({ enabled: false }), now)).toMatch(/^Switched off/)
  })

  it('says what came of a test', () => {
    expect(testWords(destination({}))).toMatch(/taken/)
    expect(testWords(destination({ waiting: 3 }))).toMatch(/waits/)
    expect(testWords(destination({ last_error: 'connection refused' }))).toMatch(/did not arrive: connection refused/)
  })
})
