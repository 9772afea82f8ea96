import { Button, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { ProblemPanel } from '#frame'
import { myServersQuery } from '../../shared/servers'

interface ServerChoiceProps {
  chosen: readonly string[]
  onChange: (servers: string[]) => void
  error?: string | undefined
}

/** One server, or several that are worked on together: known from windows of theirs, or by the name that they were given. */
export function ServerChoice({ chosen, onChange, error }: ServerChoiceProps) {
  const known = useId()
  const servers = useQuery(myServersQuery())
  if (servers.error) return <ProblemPanel error={servers.error} onRetry={() => void servers.refetch()} />
  return (
    <div className="stack-small">
      <datalist id={known}>
        {servers.data?.map(({ name, site }) => (
          <option key={name} value={name}>
            {site}
          </option>
        ))}
      </datalist>
      {chosen.map((name, place) => (
        <TextInput
          key={place}
          label={place === 0 ? 'Server' : `Server ${place + 1}`}
          description={place === 0 && 'By the name that the hospital gave it.'}
          placeholder="alaris-sm-01"
          list={known}
          spellCheck={false}
          value={name}
          error={place === 0 ? error : undefined}
          onChange={(event) => onChange(chosen.map((other, at) => (at === place ? event.currentTarget.value : other)))}
        />
      ))}
      <div>
        <Button variant="subtle" size="xs" onClick={() => onChange([...chosen, ''])}>
          Another server as well
        </Button>
      </div>
    </div>
  )
}
