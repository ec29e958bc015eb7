"""A plain WebSocket client (RFC 6455) over a socket, and one of Server-Sent Events, for tests."""

import base64
import hashlib
import json
import os
import socket
import struct

GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Closed(Exception):
    """The other side has ended the connection; `code` is its close frame's, if it sent one."""

    def __init__(self, code=None, reason=""):
        super().__init__(f"{code} {reason}")
        self.code, self.reason = code, reason


class WebSocket:
    def __init__(self, port, path, timeout=30, receive_buffer=None, **headers):
        self.sock = socket.socket()
        if receive_buffer:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.sock.settimeout(timeout)
        self.sock.connect(("127.0.0.1", port))
        self.key = base64.b64encode(os.urandom(16)).decode()
        lines = {"Host": f"127.0.0.1:{port}", "Connection": "Upgrade", "Upgrade": "websocket",
                 "Sec-WebSocket-Version": "13", "Sec-WebSocket-Key": self.key}
        lines.update({name.replace("_", "-"): value for name, value in headers.items()})
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items() if value is not None)
        self.sock.sendall(f"GET {path} HTTP/1.1\r\n{head}\r\n".encode())
        self.buffer = b""
        while b"\r\n\r\n" not in self.buffer:
            self._more()
        head, self.buffer = self.buffer.split(b"\r\n\r\n", 1)
        first, *rest = head.decode().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value.strip()
                        for name, value in (line.split(":", 1) for line in rest)}

    def accepted(self):
        digest = hashlib.sha1((self.key + GUID).encode()).digest()
        return (self.status == 101
                and self.headers["sec-websocket-accept"] == base64.b64encode(digest).decode())

    def body(self):
        """What a refusal says."""
        while len(self.buffer) < int(self.headers["content-length"]):
            self._more()
        return json.loads(self.buffer)

    def _more(self):
        data = self.sock.recv(65536)
        if not data:
            raise Closed()
        self.buffer += data

    def frame(self):
        """The next frame: its opcode and payload."""
        while True:
            if len(self.buffer) >= 2:
                length, at = self.buffer[1], 2
                if length == 126 and len(self.buffer) >= 4:
                    length, at = struct.unpack(">H", self.buffer[2:4])[0], 4
                elif length == 127 and len(self.buffer) >= 10:
                    length, at = struct.unpack(">Q", self.buffer[2:10])[0], 10
                elif length >= 126:
                    length = 1 << 62
                if len(self.buffer) >= at + length:
                    opcode, payload = self.buffer[0] & 15, self.buffer[at:at + length]
                    self.buffer = self.buffer[at + length:]
                    return opcode, payload
            self._more()

    def hear(self, type_=None):
        """The next message of that type, or of any but ping."""
        while True:
            opcode, payload = self.frame()
            if opcode == 8:
                raise Closed(struct.unpack(">H", payload[:2])[0], payload[2:].decode())
            if opcode != 1:
                continue
            message = json.loads(payload)
            if message["type"] == type_ or (type_ is None and message["type"] != "ping"):
                return message

    def send_frame(self, opcode, payload, first=0x80):
        mask = os.urandom(4)
        head = bytes([first | opcode])
        if len(payload) < 126:
            head += bytes([0x80 | len(payload)])
        else:
            head += bytes([0x80 | 126]) + struct.pack(">H", len(payload))
        body = bytes(byte ^ mask[i % 4] for i, byte in enumerate(payload))
        self.sock.sendall(head + mask + body)

    def say(self, **message):
        self.send_frame(1, json.dumps(message).encode())

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class EventStream:
    def __init__(self, port, path, timeout=30, **headers):
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=timeout)
        lines = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
        self.sock.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{lines}\r\n".encode())
        self.buffer = b""
        head = self._until(b"\r\n\r\n").decode()
        first, *rest = head.strip().split("\r\n")
        self.status = int(first.split()[1])
        self.headers = {name.lower(): value.strip()
                        for name, value in (line.split(":", 1) for line in rest)}

    def _until(self, mark):
        while mark not in self.buffer:
            data = self.sock.recv(65536)
            if not data:
                raise Closed()
            self.buffer += data
        text, self.buffer = self.buffer.split(mark, 1)
        return text

    def next(self):
        """The next event: its fields, the data read as JSON."""
        while True:
            fields = {}
            for line in self._until(b"\n\n").decode().split("\n"):
                name, _, value = line.partition(": ")
                if name:
                    fields[name] = value
            if "data" in fields:
                fields["data"] = json.loads(fields["data"])
                return fields

    def close(self):
        self.sock.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
