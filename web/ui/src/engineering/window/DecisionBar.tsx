import { Button } from '@mantine/core'
import { useKeys, useMay, useMe } from '#frame'
import type { WindowView } from '../../shared/window/queries'
import classes from './DecisionBar.module.css'
import { offersFor, ownInterest } from './offers'
import type { Decision } from './useDecision'

const LABELS: Record<Decision, string> = {
  approve: 'Approve',
  go: 'Give the go',
  extend: 'Give more time…',
  shorten: 'Shorten…',
  move: 'Move…',
  deny: 'Deny…',
  revoke: 'Revoke…',
  review: 'Evidence reviewed…',
}

const KEYS: Partial<Record<Decision, string>> = { approve: 'a', shorten: 's', move: 'm', deny: 'd', extend: 't' }

interface DecisionBarProps {
  window: WindowView
  decide: (decision: Decision) => void
  isRunning: boolean
}

/** The buttons that fit the window as it stands. On a phone they stay at the bottom. */
export function DecisionBar({ window, decide, isRunning }: DecisionBarProps) {
  const may = useMay()
  const me = useMe()
  const interest = ownInterest(window, me.person.login)
  const offers = offersFor(window, may, Date.now()).filter((offer) => offer !== 'approve' || interest === null)

  useKeys(
    'This request',
    offers.flatMap((offer) => {
      const keys = KEYS[offer]
      return keys ? [{ keys, words: LABELS[offer], run: () => decide(offer) }] : []
    }),
  )
  if (offers.length === 0 && interest === null) return null
  return (
    <div className={classes.bar}>
      {offers.map((offer, place) => (
        <Button
          key={offer}
          variant={place === 0 && (offer === 'approve' || offer === 'go') ? 'filled' : 'default'}
          className={offer === 'deny' || offer === 'revoke' ? classes.cut : undefined}
          loading={isRunning && place === 0}
          disabled={isRunning}
          onClick={() => decide(offer)}
        >
          {offer === 'approve' && window.state !== 'requested' ? 'Agree to the substitute' : LABELS[offer]}
        </Button>
      ))}
      {interest !== null && window.state === 'requested' && <p className={classes.interest}>{interest}</p>}
    </div>
  )
}
