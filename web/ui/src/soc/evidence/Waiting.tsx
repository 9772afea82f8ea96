import { Button, Group } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { Link } from 'react-router'
import { Answer, Moment, Panel, ReasonDialog, useMay, useMe, useNow, visitPath, type PlannedAct } from '#frame'
import { DialogForm, FormDialog } from '../../shared/FormDialog'
import { useAnswerRetention, useAnswerUnmask, useLift, type WordAnswer } from './acts'
import { keepsQuery, retentionQuery, unmaskQuery, type WordView } from './queries'
import { waits, wishWords } from './words'

/** What waits for a second person: agreed to or refused here, never by who asked. */
export function Waiting() {
  const may = useMay()
  const now = useNow(10_000)
  const unmask = useQuery({ ...unmaskQuery(), enabled: may('unmask-input') })
  const keeps = useQuery({ ...keepsQuery(), enabled: may('lift-hold') })
  const retention = useQuery({ ...retentionQuery(), enabled: may('shorten-retention') })
  if (!may('unmask-input')) return null
  const lifting = (keeps.data ?? []).flatMap(({ lifting: word }) => (word ? [word] : []))
  return (
    <Panel title="Waiting for a second person">
      <Answer of={unmask} lines={1}>
        {(words) => {
          const open = [...words, ...lifting, ...(retention.data?.waiting ?? [])].filter((word) => waits(word, now))
          if (open.length === 0) return <p className="dim">Nothing waits.</p>
          return (
            <ul aria-label="Wishes that wait" className="stack" style={{ margin: 0, padding: 0, listStyle: 'none' }}>
              {open.map((word) => (
                <Wish key={word.id} word={word} />
              ))}
            </ul>
          )
        }}
      </Answer>
    </Panel>
  )
}

function Wish({ word }: { word: WordView }) {
  const { person } = useMe()
  const unmask = useAnswerUnmask()
  const retention = useAnswerRetention()
  const lift = useLift()
  const [planned, setPlanned] = useState<Planned | null>(null)
  const isOwn = word.asked_by === person.login
  const isUnmask = word.act === 'unmask-input'
  const isLift = word.act === 'lift-hold'
  const answer = (how: WordAnswer): Promise<unknown> => (isUnmask ? unmask : retention).mutateAsync({ id: word.id, answer: how })
  return (
    <li>
      <strong>{word.asked_by}</strong> wants {wishWords(word)}
      {isUnmask && (
        <>
          {' '}
          (<Link to={visitPath(word.subject)}>the visit</Link>)
        </>
      )}
      <div>{word.reason}</div>
      <div className="dim">
        asked <Moment at={word.asked} isBare />, worth nothing after <Moment at={word.expires} isBare />
      </div>
      <Group gap="xs" mt={6}>
        {!isOwn && (
          <Button size="xs" onClick={() => setPlanned({ how: 'agree', verb: 'Agree' })}>
            Agree…
          </Button>
        )}
        {!isOwn && !isLift && (
          <Button size="xs" variant="default" onClick={() => setPlanned({ how: 'refuse', verb: 'Refuse' })}>
            Refuse…
          </Button>
        )}
        {isOwn && !isLift && (
          <Button
            size="xs"
            variant="default"
            onClick={() => setPlanned({ how: isUnmask ? 'withdraw' : 'refuse', verb: 'Take back' })}
          >
            Take it back…
          </Button>
        )}
        {isOwn && <span className="dim">Another analyst or lead agrees.</span>}
      </Group>
      <FormDialog title={planned?.verb ?? ''} isOpen={planned !== null && !(isLift && planned.how === 'agree')} onDone={() => setPlanned(null)}>
        {planned && (
          <DialogForm verb={planned.verb} canRun run={() => answer(planned.how)} onDone={() => setPlanned(null)}>
            <div>
              {word.asked_by} wants {wishWords(word)}: <strong>{word.reason}</strong>
              <p className="dim">{CONSEQUENCES[planned.how]}</p>
            </div>
          </DialogForm>
        )}
      </FormDialog>
      <ReasonDialog act={isLift && planned !== null ? liftAct(word, lift.mutateAsync) : null} onDone={() => setPlanned(null)} />
    </li>
  )
}

interface Planned {
  how: WordAnswer
  verb: string
}

const CONSEQUENCES: Record<WordAnswer, string> = {
  agree: 'It is done, with your name beside theirs in the ledger.',
  refuse: 'They may ask anew, with another reason.',
  withdraw: 'Nobody is asked any more.',
}

/** The second person's word to a lift is the same call as the first's, with a reason of its own. */
function liftAct(word: WordView, lift: (given: { id: string; reason: string }) => Promise<unknown>): PlannedAct {
  return {
    title: 'Agree to lift the keep',
    explains: `${word.asked_by} asked: ${word.reason}. Once you agree, the evidence is deleted when its class says so.`,
    verb: 'Agree',
    isCut: true,
    run: (reason) => lift({ id: word.subject, reason }),
  }
}
