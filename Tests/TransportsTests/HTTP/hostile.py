"""A peer with bad manners: what it does stands in the path.

usage: hostile.py PORT [CERTIFICATE KEY]     every request line it reads becomes a line on standard output
"""
import email.utils
import socket
import ssl
import sys
import threading
import time

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{\"id\":\"7\"}"
seen = {}
lock = threading.Lock()


def reply(status, headers=b"", body=b"{}"):
    return b"HTTP/1.1 %d X\r\n%sContent-Length: %d\r\n\r\n%s" % (status, headers, len(body), body)


def drip(connection, data, pause=0.2):
    for byte in data:
        connection.sendall(bytes([byte]))
        time.sleep(pause)


def endless(connection, first, chunk):
    connection.sendall(first)
    while True:
        connection.sendall(chunk)


def act(connection, path):
    """True: the connection stays."""
    name, _, argument = path[1:].partition("/")
    if name == "ok":
        connection.sendall(OK)
        return True
    if name == "endless-body":
        endless(connection, b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n{\"id\":\"", b"x" * 4096)
    elif name == "endless-error":
        endless(connection, b"HTTP/1.1 400 Bad\r\n\r\n", b"x" * 4096)
    elif name == "endless-header":
        endless(connection, b"HTTP/1.1 200 OK\r\nX-Long: ", b"x" * 4096)
    elif name == "many-headers":
        endless(connection, b"HTTP/1.1 200 OK\r\n", b"X-More: and more\r\n" * 100)
    elif name == "drip-header":
        drip(connection, b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 1000)
    elif name == "drip-body":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        drip(connection, b"x" * 1000)
    elif name == "silence":
        time.sleep(60)
    elif name == "half-status":
        connection.sendall(b"HTTP/1.1 20")
    elif name == "half-body":
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{\"id\":")
    elif name == "half-error":
        connection.sendall(b"HTTP/1.1 400 Bad\r\nContent-Length: 1000\r\n\r\n{\"id\":")
    elif name == "garbage":
        connection.sendall(b"220 mail.example.com ESMTP\r\n" * 20)
    elif name == "binary":
        connection.sendall(bytes(range(256)) * 8)
    elif name == "redirect":
        status = int(argument or 302)
        connection.sendall(reply(status, b"Location: http://user:pw@169.254.169.254/latest/meta-data/?token=s3cret\r\n"))
        return True
    elif name == "status":
        connection.sendall(reply(int(argument)))
        return True
    elif name == "retry-seconds":
        connection.sendall(reply(int(argument), b"Retry-After: 17\r\n"))
        return True
    elif name == "retry-date":
        # Its clock is a day ahead; what counts is the distance to its own Date.
        now = time.time() + 86400
        headers = b"Date: %s\r\nRetry-After: %s\r\n" % tuple(email.utils.formatdate(t, usegmt=True).encode() for t in (now, now + 90))
        connection.sendall(reply(int(argument), headers))
        return True
    elif name == "down-then-up":
        with lock:
            seen[path] = seen.get(path, 0) + 1
            down = seen[path] <= 1
        connection.sendall(reply(401) if down else OK)
        return True
    elif name == "close-after":
        # Says nothing about closing, and closes: the next request may be on its way already.
        connection.sendall(OK)
    elif name == "announced-close":
        connection.sendall(OK.replace(b"Content-Type", b"Connection: close\r\nContent-Type"))
    elif name == "one-each":
        # The second request on a connection is read and never answered.
        with lock:
            seen[connection] = seen.get(connection, 0) + 1
            again = seen[connection] > 1
        if again:
            return False
        connection.sendall(OK)
        return True
    elif name == "slow-ok":
        time.sleep(float(argument))
        connection.sendall(OK)
        return True
    return False


def serve(connection, context):
    try:
        if context:
            connection = context.wrap_socket(connection, server_side=True)
        data = b""
        while True:
            while b"\r\n\r\n" not in data:
                received = connection.recv(65536)
                if not received:
                    return
                data += received
            head, _, data = data.partition(b"\r\n\r\n")
            lines = head.split(b"\r\n")
            length = next((int(line.split(b":")[1]) for line in lines if line.lower().startswith(b"content-length:")), 0)
            while len(data) < length:
                received = connection.recv(65536)
                if not received:
                    return
                data += received
            data = data[length:]
            with lock:
                print(lines[0].decode(), flush=True)
            if not act(connection, lines[0].split()[1].decode()):
                return
    except (OSError, ssl.SSLError):
        pass
    finally:
        connection.close()


context = None
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])


def listen(listener):
    while True:
        accepted, _ = listener.accept()
        accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=serve, args=(accepted, context), daemon=True).start()


if context:
    # The test certificate is for this address. First, because a test begins when the other one listens.
    second = socket.create_server(("127.0.0.2", int(sys.argv[1])), backlog=1024)
    threading.Thread(target=listen, args=(second,), daemon=True).start()
listen(socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=1024))
