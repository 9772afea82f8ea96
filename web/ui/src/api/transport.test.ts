import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { carryCsrf, gateFetch, onSignedOut, onStepUp } from './transport'

const json = (status: number, body: unknown): Response => new Response(JSON.stringify(body), { status })
const STEP_UP = { status: 403, title: 'Forbidden', what: 'this needs your second factor again', next: '', kind: 'step-up' }
const post = (): Request => new Request('http://gate/api/windows/1/approve', { method: 'POST', body: '{"reason":"x"}' })

let sent: { token: string | null; body: string }[]

function answer(...responses: Response[]): void {
  sent = []
  vi.stubGlobal('fetch', async (request: Request) => {
    sent.push({ token: request.headers.get('X-CSRF-Token'), body: await request.text() })
    const next = responses.shift()
    if (next === undefined) throw new TypeError('network')
    return next
  })
}

beforeEach(() => {
  carryCsrf('token')
  onSignedOut(() => undefined)
})

afterEach(() => vi.unstubAllGlobals())

test('changes carry the token, reads do not', async () => {
  answer(json(200, {}), json(200, {}))
  await gateFetch(post())
  await gateFetch(new Request('http://gate/api/windows'))
  expect(sent.map(({ token }) => token)).toEqual(['token', null])
})

test('once the code is proven, the same request goes again', async () => {
  answer(json(403, STEP_UP), json(200, { done: true }))
  onStepUp(() => Promise.resolve(true))
  const response = await gateFetch(post())
  expect(await response.json()).toEqual({ done: true })
  expect(sent.map(({ body }) => body)).toEqual(['{"reason":"x"}', '{"reason":"x"}'])
})

test('without a code nothing is repeated, and the problem is told', async () => {
  answer(json(403, STEP_UP))
  onStepUp(() => Promise.resolve(false))
  await expect(gateFetch(post())).rejects.toMatchObject({ status: 403, kind: 'step-up' })
  expect(sent).toHaveLength(1)
})

test('a second refusal is not asked about again', async () => {
  answer(json(403, STEP_UP), json(403, STEP_UP))
  const prove = vi.fn(() => Promise.resolve(true))
  onStepUp(prove)
  await expect(gateFetch(post())).rejects.toMatchObject({ kind: 'step-up' })
  expect(prove).toHaveBeenCalledTimes(1)
})

test('who is signed out is led to the sign-in; a failed sign-in is not', async () => {
  const leave = vi.fn()
  onSignedOut(leave)
  answer(json(401, { what: 'x' }), json(401, { what: 'x' }))
  await expect(gateFetch(post())).rejects.toMatchObject({ status: 401 })
  carryCsrf(null)
  await expect(gateFetch(post())).rejects.toMatchObject({ status: 401 })
  expect(leave).toHaveBeenCalledTimes(1)
})

test('no answer is a problem with words', async () => {
  answer()
  await expect(gateFetch(post())).rejects.toMatchObject({ status: 0, what: 'The gate did not answer' })
})
