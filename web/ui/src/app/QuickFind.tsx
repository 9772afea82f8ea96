import { Modal, TextInput } from '@mantine/core'
import { useState, type KeyboardEvent } from 'react'
import { useNavigate } from 'react-router'
import { useFindable } from './findable'
import { findIn } from './find'
import classes from './QuickFind.module.css'

/** Goes to any page, window, server or person by a few letters. */
export function QuickFind({ onClose }: { onClose: () => void }) {
  return (
    <Modal opened onClose={onClose} title="Go to" size={560} yOffset="12vh" centered={false}>
      <Find onClose={onClose} />
    </Modal>
  )
}

function Find({ onClose }: { onClose: () => void }) {
  const [text, setText] = useState('')
  const [at, setAt] = useState(0)
  const navigate = useNavigate()
  const found = findIn(useFindable(), text)
  const chosen = Math.min(at, found.length - 1)

  const go = (index: number): void => {
    const to = found[index]?.to
    if (to === undefined) return
    onClose()
    void navigate(to)
  }
  const hear = (event: KeyboardEvent): void => {
    const moves: Record<string, () => void> = {
      ArrowDown: () => setAt(Math.min(chosen + 1, found.length - 1)),
      ArrowUp: () => setAt(Math.max(chosen - 1, 0)),
      Enter: () => go(chosen),
    }
    const move = moves[event.key]
    if (move === undefined) return
    event.preventDefault()
    move()
  }

  return (
    <>
      <TextInput
        aria-label="Page, window, server or person"
        placeholder="Page, window, server or person"
        role="combobox"
        aria-expanded={found.length > 0}
        aria-controls="found"
        aria-activedescendant={chosen >= 0 ? `found-${chosen}` : undefined}
        value={text}
        onChange={(event) => {
          setText(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={hear}
        data-autofocus
      />
      <ul className={classes.found} role="listbox" id="found" aria-label="Found">
        {found.map((entry, index) => (
          <li
            key={`${entry.kind} ${entry.to}`}
            id={`found-${index}`}
            role="option"
            aria-selected={index === chosen}
            className={classes.entry}
            onClick={() => go(index)}
          >
            <span>{entry.label}</span>
            <span className={classes.kind}>{entry.kind}</span>
          </li>
        ))}
      </ul>
      {found.length === 0 && <p className={classes.none}>Nothing of yours is called that.</p>}
    </>
  )
}
