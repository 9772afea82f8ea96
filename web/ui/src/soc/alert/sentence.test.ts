import { expect, it } from 'vitest'
import { readContent } from './content'
import { sentence } from './sentence'

const dana = { proven: true, login: 'dana', name: 'Dana Reyes', vendor: 'Meridian Infusion', address: '203.0.113.7' }

it('says who wanted to reach what, and from where', () => {
  expect(sentence(readContent({ outcome: 'refused', who: dana, what: { target: 't', name: 'console-01' } }))).toBe(
    'Dana Reyes (Meridian Infusion) to console-01 from 203.0.113.7',
  )
})

it('says of what a server did that the server did it', () => {
  const told = { outcome: 'not passed on', who: dana, what: { target: 't', name: 'console-01' } }
  expect(sentence(readContent({ ...told, detail: { detail: 'the answer held the credential' } }))).toBe(
    'console-01: the answer held the credential; in a visit of Dana Reyes (Meridian Infusion)',
  )
  expect(sentence(readContent(told))).toContain('its answer was not passed on')
})
