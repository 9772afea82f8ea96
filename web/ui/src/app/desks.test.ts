import { expect, test } from 'vitest'
import { DESKS, desksOf, homeOf } from './desks'

test('a person sees the desks of their roles, and only pages that they may use', () => {
  const me = { desks: ['technician'], acts: ['connect'] }
  expect(desksOf(me).map(({ id, pages }) => [id, pages.map(({ to }) => to)])).toEqual([['technician', ['/technician']]])
  expect(homeOf(me)).toBe('/technician')
})

test('no page stands twice', () => {
  const me = { desks: DESKS.map(({ id }) => id), acts: ['request-window'] }
  const pages = desksOf(me).flatMap((desk) => desk.pages.map(({ to }) => to))
  expect(new Set(pages).size).toBe(pages.length)
})

test('no key leads to two pages', () => {
  const keys = new Map(DESKS.flatMap((desk) => desk.pages).map(({ to, key }) => [to, key]))
  expect(new Set(keys.values()).size).toBe(keys.size)
})

test('who has no desk lands at their account', () => {
  expect(homeOf({ desks: [], acts: [] })).toBe('/account')
})
