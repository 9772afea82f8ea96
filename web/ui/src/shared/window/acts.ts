import { useAct } from '../../api/act'
import { api, bodyOf } from '../../api/client'
import type { WindowView } from './queries'

const at = (id: string) => ({ params: { path: { window: id } } })

/** What is done to a window. Each answers the window as it is then. */
export const windowActs = {
  approve: (id: string) => bodyOf(api.POST('/api/windows/{window}/approve', { ...at(id), body: {} })),
  deny: (id: string, reason: string) => bodyOf(api.POST('/api/windows/{window}/deny', { ...at(id), body: { reason } })),
  revoke: (id: string, reason: string) =>
    bodyOf(api.POST('/api/windows/{window}/revoke', { ...at(id), body: { reason } })),
  withdraw: (id: string, reason: string) =>
    bodyOf(api.POST('/api/windows/{window}/withdraw', { ...at(id), body: { reason } })),
  accept: (id: string) => bodyOf(api.POST('/api/windows/{window}/accept', { ...at(id), body: {} })),
  go: (id: string) => bodyOf(api.POST('/api/windows/{window}/go', { ...at(id), body: {} })),
  /** A later end extends the window, an earlier one shortens it. */
  end: (id: string, closes: string, reason: string) =>
    bodyOf(api.POST('/api/windows/{window}/extend', { ...at(id), body: { closes, reason } })),
  move: (id: string, opens: string, closes: string, reason: string) =>
    bodyOf(api.POST('/api/windows/{window}/move', { ...at(id), body: { opens, closes, reason } })),
  takeBack: (id: string, file: string) =>
    bodyOf(
      api.POST('/api/windows/{window}/files/{file}/withdraw', { params: { path: { window: id, file } }, body: {} }),
    ),
  moreTime: (id: string, closes: string, reason: string) =>
    bodyOf(api.POST('/api/windows/{window}/more-time', { ...at(id), body: { closes, reason } })),
}

/** One act on a window, with the views of windows and visits read again once it is done. */
export function useWindowAct() {
  return useAct<() => Promise<WindowView>, WindowView>(['windows', 'sessions'], (run) => run())
}
