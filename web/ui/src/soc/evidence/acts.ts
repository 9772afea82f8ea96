/** What two people do about evidence, and what is taken away of it. Each refetches what its lists show. */
import { api, bodyOf, useAct, type Wire } from '#frame'
import { saveFile } from '../../api/save'
import { gateFetch } from '../../api/transport'
import { bundleOf, packageName, type About } from './package'

export interface Packing {
  about: About
  reason: string
  recipients: string
  onBytes: (bytes: number) => void
}

export function useMakePackage() {
  return useAct([], ({ about, reason, recipients, onBytes }: Packing) =>
    saveFile(
      new Request('/api/bundles', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(bundleOf(about, reason, recipients)),
      }),
      packageName(about),
      onBytes,
    ),
  )
}

export function useAskUnmask() {
  return useAct(['keeping'], (body: Wire<'NewUnmask'>) => bodyOf(api.POST('/api/unmask', { body })))
}

export type WordAnswer = 'agree' | 'refuse' | 'withdraw'

interface Answering {
  id: string
  answer: WordAnswer
}

/** The second person's answer to a wish to see typed input, or the first person's second thoughts. */
export function useAnswerUnmask() {
  return useAct(['keeping'], ({ id, answer }: Answering) => {
    const params = { path: { word: id } }
    if (answer === 'agree') return bodyOf(api.POST('/api/unmask/{word}/agree', { params, body: {} }))
    if (answer === 'refuse') return bodyOf(api.POST('/api/unmask/{word}/refuse', { params, body: { reason: '' } }))
    return bodyOf(api.POST('/api/unmask/{word}/withdraw', { params, body: { reason: '' } }))
  })
}

export function useAnswerRetention() {
  return useAct(['keeping'], ({ id, answer }: Answering) => {
    const params = { path: { word: id } }
    if (answer === 'agree') return bodyOf(api.POST('/api/retention/words/{word}/agree', { params, body: {} }))
    return bodyOf(api.POST('/api/retention/words/{word}/refuse', { params, body: { reason: '' } }))
  })
}

export function useKeep() {
  return useAct(['keeping'], (body: Wire<'NewHold'>) => bodyOf(api.POST('/api/keep', { body })))
}

export function useLift() {
  return useAct(['keeping'], ({ id, reason }: { id: string; reason: string }) =>
    bodyOf(api.POST('/api/keep/{hold}/lift', { params: { path: { hold: id } }, body: { reason } })),
  )
}

/** The screen as text with what was typed. Each look is a fact, so it is fetched only when asked for. */
export function useSaveTyped(session: string) {
  return useAct([], async (_now: undefined) => {
    const response = await gateFetch(new Request(`/api/recordings/${session}/text?unmask=true`))
    return response.text()
  })
}
