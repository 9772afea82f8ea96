import { Tag } from '../Tag'
import type { WindowView } from './queries'
import { stateWords } from './state'

/** Where a window stands, in words. */
export function WindowTag({ window }: { window: WindowView }) {
  const { words, tone } = stateWords(window)
  return (
    <Tag tone={tone} {...(window.state === 'open' ? { dot: 'live' as const } : {})}>
      {words}
    </Tag>
  )
}
