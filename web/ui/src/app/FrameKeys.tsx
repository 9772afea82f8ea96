import { useDisclosure } from '@mantine/hooks'
import { lazy, Suspense } from 'react'
import { useNavigate } from 'react-router'
import { useMe } from '../api/me'
import { useKeys } from '../shared/keys/useKeys'
import { desksOf } from './desks'

const KeyList = lazy(async () => ({ default: (await import('./KeyList')).KeyList }))
const QuickFind = lazy(async () => ({ default: (await import('./QuickFind')).QuickFind }))

/** The keys that hold on every page. */
export function FrameKeys() {
  const me = useMe()
  const navigate = useNavigate()
  const [isListOpen, list] = useDisclosure(false)
  const [isFindOpen, find] = useDisclosure(false)

  useKeys('Everywhere', [
    { keys: '?', words: 'This list', run: list.open },
    { keys: '/', words: 'Search on this page, or everywhere', run: () => focusSearch() || find.open() },
    { keys: 'g g', words: 'Go anywhere', run: find.open },
  ])
  useKeys(
    'Go to',
    desksOf(me).flatMap((desk) =>
      desk.pages.map(({ key, label, to }) => ({ keys: `g ${key}`, words: label, run: () => void navigate(to) })),
    ),
  )
  return (
    <Suspense fallback={null}>
      {isListOpen && <KeyList onClose={list.close} />}
      {isFindOpen && <QuickFind onClose={find.close} />}
    </Suspense>
  )
}

/** Puts the cursor into the page's own search, if it has one. */
function focusSearch(): boolean {
  const field = document.querySelector<HTMLInputElement>('input[data-search], [data-search] input')
  field?.focus()
  field?.select()
  return field !== null
}
