import { Button } from '@mantine/core'
import { useState } from 'react'
import { Answer, CopyLine, Moment, PageTitle, Panel, ProblemPanel, Tag, useAct } from '#frame'
import { useCheckpoint } from '../evidence/queries'
import { FactSearch } from './FactSearch'
import { verifyLedger, type Far } from './verify'

/** The ledger: its newest checkpoint, whether it adds up, and its facts. */
export function LedgerPage() {
  const checkpoint = useCheckpoint()
  return (
    <>
      <PageTitle title="Ledger" words="Every fact, in order; nobody can change or drop one unseen." />
      <div className="stack">
        <div className="columns">
          <Panel title="Newest checkpoint">
            <Answer of={checkpoint} lines={2}>
              {({ note, verifier_key }) => (
                <div className="stack-small">
                  <p className="dim">Keep a copy outside: whoever holds one sees if the ledger was ever rewritten.</p>
                  <CopyLine text={note} label="the signed checkpoint" />
                  <p className="dim">The public key to check it with:</p>
                  <CopyLine text={verifier_key} label="the ledger’s public key" />
                </div>
              )}
            </Answer>
          </Panel>
          <Verification />
        </div>
        <FactSearch />
      </div>
    </>
  )
}

function Verification() {
  const [far, setFar] = useState<Far | null>(null)
  const verify = useAct([], (_now: undefined) => verifyLedger(setFar))
  const begin = (): void => {
    setFar(null)
    verify.mutate(undefined)
  }
  return (
    <Panel title="Does it add up?">
      <div className="stack-small" aria-live="polite">
        <p className="dim">Recomputes every leaf, root and signed checkpoint from the first fact on.</p>
        <div>
          <Button variant="default" loading={verify.isPending} onClick={begin}>
            {verify.data ? 'Verify again' : 'Verify now'}
          </Button>
        </div>
        {verify.isPending && far && (
          <p className="dim">
            {far.facts.toLocaleString('en-GB')} of {far.of.toLocaleString('en-GB')} facts
          </p>
        )}
        {verify.data && (
          <div>
            <Tag tone={verify.data.sound ? 'good' : 'bad'}>{verify.data.sound ? '✓ Sound' : '✕ Not sound'}</Tag>{' '}
            {verify.data.summary} <Moment at={new Date(verify.submittedAt).toISOString()} />
          </div>
        )}
        {verify.error && <ProblemPanel error={verify.error} />}
      </div>
    </Panel>
  )
}
