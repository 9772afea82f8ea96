import { expect, test } from 'vitest'
import { tidyTime } from './WallInput'

test.each([
  ['7', '07:00'],
  ['730', '07:30'],
  ['7.30', '07:30'],
  ['22:05', '22:05'],
  ['25:00', '25:00'],
  ['late', 'late'],
])('%s becomes %s', (typed, tidy) => {
  expect(tidyTime(typed)).toBe(tidy)
})
