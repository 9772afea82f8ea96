import { Button, NativeSelect } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { ProblemPanel } from '#frame'
import { myServersQuery } from '../../shared/servers'

interface ServerChoiceProps {
  chosen: readonly string[]
  onChange: (servers: string[]) => void
  error?: string | undefined
}

/** One server, or several that are worked on together. */
export function ServerChoice({ chosen, onChange, error }: ServerChoiceProps) {
  const servers = useQuery(myServersQuery())
  const options = (servers.data ?? []).map(({ name, site }) => ({ value: name, label: site ? `${name} (${site})` : name }))
  if (servers.error) return <ProblemPanel error={servers.error} onRetry={() => void servers.refetch()} />
  return (
    <div className="stack-small">
      {chosen.map((name, place) => (
        <NativeSelect
          key={place}
          label={place === 0 ? 'Server' : `Server ${place + 1}`}
          data={[{ value: '', label: 'Choose a server' }, ...options]}
          value={name}
          error={place === 0 ? error : undefined}
          onChange={(event) => onChange(chosen.map((other, at) => (at === place ? event.currentTarget.value : other)))}
        />
      ))}
      {chosen.length < options.length && (
        <div>
          <Button variant="subtle" size="xs" onClick={() => onChange([...chosen, ''])}>
            Another server as well
          </Button>
        </div>
      )}
    </div>
  )
}
