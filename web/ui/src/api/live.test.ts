import { expect, test } from 'vitest'
import { shows, TOPICS, topicsOf } from './live'

test('the topics of a change are those that it names', () => {
  expect(topicsOf('{"topics":["windows","sessions"],"head":7}')).toEqual(['windows', 'sessions'])
  expect(topicsOf('{"topics":["windows","moon"]}')).toEqual(['windows'])
  expect(topicsOf('{"topics":[]}')).toEqual([])
})

test('what cannot be read counts as everything', () => {
  for (const data of ['', 'not json', '{}', '{"topics":"windows"}']) expect(topicsOf(data)).toEqual(TOPICS)
})

test('a query is read again for its own topic and for those that it names', () => {
  const card = { queryKey: ['windows', 'card', '1'], meta: { topics: ['targets', 'freezes'] } }
  expect(shows(card, ['windows'])).toBe(true)
  expect(shows(card, ['freezes'])).toBe(true)
  expect(shows(card, ['people', 'alerts'])).toBe(false)
  expect(shows({ queryKey: ['me'] }, TOPICS)).toBe(false)
})
