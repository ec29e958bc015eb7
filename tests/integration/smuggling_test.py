"""Requests whose length can be read in two ways (RFC 9112, sections 6.3 and 11.2): what one reader
takes for a body must never become a request of its own.

Each case sends a second request hidden in what may be the first one's body. A server that is asked
so must refuse all of it: an answer to what is hidden would mean that a proxy
before it could be deceived.
"""

import re
import socket
import unittest

from http_server import HttpCase

HIDDEN = b"GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /api/v1/predict HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
GET = b"GET /health/live HTTP/1.1\r\nHost: x\r\n"
CHUNKS = b"0\r\n\r\n"


def length(text=None):
    return b"Content-Length: " + (text or str(len(HIDDEN)).encode()) + b"\r\n"


CASES = {
    "length and chunks": POST + length(b"5") + b"Transfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "chunks and length": POST + b"Transfer-Encoding: chunked\r\n" + length(b"5") + b"\r\n" + CHUNKS,
    "a list of lengths": POST + length(b"0, %d" % len(HIDDEN)) + b"\r\n",
    "a length below 0": POST + length(b"-1") + b"\r\n",
    "a length with a sign": POST + length(b"+0") + b"\r\n",
    "a length in hexadecimal": POST + length(b"0x0") + b"\r\n",
    "a length of too many digits": POST + length(b"18446744073709551616") + b"\r\n",
    "a length that is no number": POST + length(b"none") + b"\r\n",
    "an empty length": POST + b"Content-Length:\r\n\r\n",
    "an unknown coding": POST + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS,
    "chunked, but not last": POST + b"Transfer-Encoding: chunked, identity\r\n\r\n" + CHUNKS,
    "space before the colon": POST + b"Content-Length : 0\r\n\r\n",
    "a folded line": POST + b"Content-Length:\r\n 0\r\n\r\n",
    "a chunk of a bad size": POST + b"Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n",
    "a chunk too large for a number": POST + b"Transfer-Encoding: chunked\r\n\r\n"
                                      + b"f" * 17 + b"\r\n\r\n",
    "a bare carriage return": GET + b"X: a\rContent-Length: 0\r\n\r\n",
    "a zero byte": GET + b"X: a\0b\r\n\r\n",
}


class SmugglingTest(HttpCase):
    def answers(self, sent, patience):
        """All that comes until the server ends the connection, or is silent for `patience` s."""
        received = b""
        with socket.create_connection(("127.0.0.1", self.server.port), timeout=patience) as sock:
            sock.sendall(sent)
            try:
                while part := sock.recv(65536):
                    received += part
                ended = True
            except ConnectionError:
                ended = True
            except TimeoutError:
                ended = False
        return received, ended

    def test_what_is_hidden_is_not_answered(self):
        for name, head in CASES.items():
            with self.subTest(name):
                received, ended = self.answers(head + HIDDEN, patience=4)
                self.assertNotIn(b'"ready"', received)
                statuses = re.findall(rb"HTTP/1.1 (\d+)", received)
                self.assertTrue(all(int(status) >= 400 for status in statuses), received)
                self.assertTrue(ended, received)

    def test_two_honest_requests_are_two(self):
        body = b'{"symbol":"AAPL"}'
        for name, first in {
                "no body": GET + b"\r\n",
                "a length": POST + length(b"%d" % len(body)) + b"\r\n" + body,
                "chunks": POST + b"Transfer-Encoding: chunked\r\n\r\n%x\r\n" % len(body) + body
                          + b"\r\n" + CHUNKS}.items():
            with self.subTest(name):
                received, _ = self.answers(first + HIDDEN, patience=1)
                self.assertEqual(received.count(b"HTTP/1.1 200"), 2, received)


if __name__ == "__main__":
    unittest.main()
