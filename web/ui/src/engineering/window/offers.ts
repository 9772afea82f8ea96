/** What may be decided about a window as it stands, by who may do what. */
import { phaseOf } from '../../shared/time/span'
import type { WindowView } from '../../shared/window/queries'
import type { Decision } from './useDecision'

type Decidable = Pick<
  WindowView,
  'state' | 'purpose' | 'opens' | 'closes' | 'go_required' | 'go_by' | 'awaiting_substitution' | 'requester' | 'technicians'
> &
  Partial<Pick<WindowView, 'reviewed_by' | 'review_by'>>

/** An emergency takes other people than a plan. */
function actOfApproving(window: Pick<WindowView, 'purpose'>): string {
  return window.purpose === 'emergency' ? 'open-emergency' : 'approve-window'
}

/** The decisions to offer, the most likely first. The gate decides whether each holds. */
export function offersFor(window: Decidable, may: (act: string) => boolean, now: number): Decision[] {
  const isAsked = window.state === 'requested'
  const isComing = window.state === 'approved' || window.state === 'open'
  const isToReview = window.state === 'closed' || (window.state === 'revoked' && Boolean(window.review_by))
  if (isToReview) return !window.reviewed_by && may('review-evidence') ? ['review'] : []
  const isOver = phaseOf(window, now) === 'over'
  if (isOver || (!isAsked && !isComing)) return []
  const offers: [Decision, boolean][] = [
    ['approve', (isAsked || window.awaiting_substitution.length > 0) && may(actOfApproving(window))],
    ['go', isComing && window.go_required && !window.go_by && may('give-go')],
    ['extend', isComing && may('extend-window')],
    ['shorten', may('shorten-window')],
    ['move', phaseOf(window, now) === 'ahead' && may('move-window')],
    ['deny', isAsked && may('deny-window')],
    ['revoke', isComing && may('revoke-window')],
  ]
  return offers.filter(([, holds]) => holds).map(([decision]) => decision)
}

/** Why the person cannot approve although the role could: who asks, or benefits, never approves. */
export function ownInterest(window: Decidable, login: string): string | null {
  if (window.requester === login) return 'You asked for this window, so somebody else must approve it.'
  return window.technicians.includes(login) ? 'You are named in this window, so somebody else must approve it.' : null
}
