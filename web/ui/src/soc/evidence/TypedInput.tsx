import { Button, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Answer, Moment, Panel, ProblemPanel, ReasonDialog, Tag, useMay, useMe, useNow, type PlannedAct } from '#frame'
import { useAskUnmask, useSaveTyped } from './acts'
import { unmaskQuery, type WordView } from './queries'
import { shows, waits, wordsOf, wordStateWords } from './words'

/** What was typed on a visit stays masked: who wants to see it asks, and another person agrees. */
export function TypedInput({ session }: { session: string }) {
  const may = useMay()
  if (!may('unmask-input')) return null
  return <Wishes session={session} />
}

function Wishes({ session }: { session: string }) {
  const { person } = useMe()
  const now = useNow(10_000)
  const words = useQuery(unmaskQuery())
  const ask = useAskUnmask()
  const save = useSaveTyped(session)
  const [planned, setPlanned] = useState<PlannedAct | null>(null)
  const planAsk = (): void =>
    setPlanned({
      title: 'Ask to see typed input',
      explains:
        'It may hold a password. Another analyst or lead reads your reason and agrees or refuses; once they agree, it is shown to you alone, for an hour, and each look is a fact in the ledger.',
      verb: 'Ask',
      isCut: true,
      run: (reason) => ask.mutateAsync({ session, reason }),
    })
  return (
    <Panel title="Typed input">
      <Answer of={words} lines={1}>
        {(all) => {
          const here = wordsOf(all, session)
          const mine = here.find((word) => shows(word, session, person.login, now))
          const isAsked = here.some((word) => word.asked_by === person.login && waits(word, now))
          return (
            <div className="stack-small">
              {!mine && <p className="dim">Masked. It takes a second person to see it.</p>}
              {here.map((word) => (
                <Wish key={word.id} word={word} now={now} />
              ))}
              <Group gap="xs">
                {mine && (
                  <Button loading={save.isPending} onClick={() => save.mutate(undefined)}>
                    See typed input
                  </Button>
                )}
                {!mine && !isAsked && (
                  <Button variant="default" onClick={planAsk}>
                    Ask to see typed input
                  </Button>
                )}
              </Group>
              {save.error && <ProblemPanel error={save.error} />}
              {save.data !== undefined && (
                <pre tabIndex={0} aria-label="Screen text with typed input" style={{ maxHeight: '24rem', overflow: 'auto', margin: 0 }}>
                  {save.data}
                </pre>
              )}
            </div>
          )
        }}
      </Answer>
      <ReasonDialog act={planned} onDone={() => setPlanned(null)} />
    </Panel>
  )
}

function Wish({ word, now }: { word: WordView; now: number }) {
  return (
    <div>
      <Tag tone={waits(word, now) ? 'warn' : 'neutral'}>{wordStateWords(word, now)}</Tag> {word.asked_by}:{' '}
      {word.reason}{' '}
      <span className="dim">
        {word.answered_by && `answered by ${word.answered_by}, `}
        {word.state === 'agreed' ? 'shown until ' : 'asked '}
        <Moment at={word.state === 'agreed' ? word.expires : word.asked} isBare />
      </span>
    </div>
  )
}
