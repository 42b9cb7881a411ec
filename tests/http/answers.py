"""HTTP answers, read from a socket as they come."""

import socket


def read(client: socket.socket) -> tuple[bytes, bytes]:
    """Head and body of the next answer; the body may end early, with the connection."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = client.recv(1)
        assert byte, head
        head += byte
    left, body = int(head.split(b"Content-Length: ")[1].split(b"\r\n")[0]), []
    while left and (piece := client.recv(left)):
        body.append(piece)
        left -= len(piece)
    return head, b"".join(body)


def read_answer(client: socket.socket) -> tuple[int, bytes]:
    """Status and body of the next answer."""
    head, body = read(client)
    return int(head[9:12]), body
