import { Button, TextInput } from '@mantine/core'
import { useEffect, useState } from 'react'
import type { VisitFilter } from './filter'
import classes from './VisitsPage.module.css'

interface TextFinderProps {
  filter: VisitFilter
  onFind: (next: VisitFilter) => void
}

/** Searches only when told to: that somebody searched, and why, is a fact in the ledger. */
export function TextFinder({ filter, onFind }: TextFinderProps) {
  const [text, setText] = useState(filter.text)
  const [why, setWhy] = useState(filter.why)
  useEffect(() => {
    setText(filter.text)
    setWhy(filter.why)
  }, [filter.text, filter.why])
  return (
    <form
      role="search"
      aria-label="Text on the screen"
      className={classes.text}
      onSubmit={(event) => {
        event.preventDefault()
        onFind({ ...filter, text: text.trim(), why: why.trim(), before: '' })
      }}
    >
      <TextInput
        label="Text on the screen"
        placeholder="words of one line, in their order"
        value={text}
        maxLength={200}
        onChange={(event) => setText(event.currentTarget.value)}
      />
      <TextInput
        label="Why you search"
        placeholder="kept in the ledger, beside your name"
        value={why}
        maxLength={1000}
        onChange={(event) => setWhy(event.currentTarget.value)}
      />
      <Button type="submit" disabled={text.trim() === ''}>
        Search
      </Button>
    </form>
  )
}
