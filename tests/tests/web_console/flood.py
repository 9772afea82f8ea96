"""Sends what no client sends on HTTP/2: rapid resets, or a header block that never ends. Says how the gate ended it."""
import socket, ssl, struct, sys, time

kind, port, name, authority, cookie = sys.argv[1:6]
context = ssl.create_default_context(cafile=authority)
context.set_alpn_protocols(["h2"])
stream = context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))), server_hostname=name)
assert stream.selected_alpn_protocol() == "h2"


def frame(kind, flags, stream_id, payload=b""):
    return struct.pack(">I", len(payload))[1:] + bytes([kind, flags]) + struct.pack(">I", stream_id) + payload


def literal(key, value):
    def text(bytes_):
        return bytes([len(bytes_)]) + bytes_ if len(bytes_) < 127 else b"\x7f" + varint(len(bytes_) - 127) + bytes_
    def varint(number):
        out = b""
        while number >= 128:
            out, number = out + bytes([number % 128 + 128]), number // 128
        return out + bytes([number])
    return b"\x00" + text(key.encode()) + text(value.encode())


def block():
    fields = [(":method", "GET"), (":scheme", "https"), (":path", "/"), (":authority", f"{name}:{port}")]
    if cookie:
        fields.append(("cookie", f"__Host-chaperone={cookie}"))
    return b"".join(literal(*field) for field in fields)


sent = 0
began = time.time()
try:
    stream.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0))
    if kind == "reset":
        for n in range(100_000):
            number = 2 * n + 1
            stream.sendall(frame(1, 5, number, block()) + frame(3, 0, number, struct.pack(">I", 8)))
            sent += 1
    else:
        stream.sendall(frame(1, 0, 1, block()))
        for n in range(1_000_000):
            stream.sendall(frame(9, 0, 1, literal(f"x-{n}", "y" * 4000)))
            sent += 1
except OSError as error:
    print(f"ended after {sent} frames and {time.time() - began:.1f} s: {type(error).__name__}")
    sys.exit(0)
print(f"took all {sent}")
sys.exit(1)
