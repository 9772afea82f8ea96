"""Opens connections for a console's name, from each of some addresses, and says nothing on them. Prints how many were taken,
and keeps those for as long as its input is open."""
import socket, ssl, sys

port, name, authority, count = sys.argv[1:5]
addresses = sys.argv[5:] or ["127.0.0.1"]
context = ssl.create_default_context(cafile=authority)
kept = []
for address in [address for address in addresses for _ in range(int(count))]:
    try:
        stream = socket.create_connection(("127.0.0.1", int(port)), timeout=10, source_address=(address, 0))
        kept.append(context.wrap_socket(stream, server_hostname=name))
    except OSError:
        pass
print(len(kept), flush=True)
sys.stdin.read()
