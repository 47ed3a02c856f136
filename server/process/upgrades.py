"""Offers to change the protocol of a connection: one to open a websocket is taken up, all others are ignored.

RFC 9110, section 7.8, lets a server ignore an offer and answer the request that carries it.
"""

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class SelectiveUpgrades(HttpToolsProtocol):
    """A connection whose requests are answered, and whose bodies are read, also where they offer an upgrade.

    llhttp stops at the end of a head that offers an upgrade and treats what follows as another protocol. The head of an
    ignored offer is parsed again without its `Upgrade` header, by a new parser, which then reads the body and goes on
    to the next request.
    """

    _ignores_offer = False

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        try:
            self._parse(memoryview(data))
        except httptools.HttpParserError:
            message = "Invalid HTTP request received."
            self.logger.warning(message)
            self.send_400_response(message)

    def on_headers_complete(self) -> None:
        method = self.parser.get_method()
        self._ignores_offer = self.parser.should_upgrade() and method != b"CONNECT" and not self._should_upgrade()
        if self._ignores_offer:
            # The request begins when its head has been parsed again.
            return
        super().on_headers_complete()
        if method == b"CONNECT":
            # What follows would be the tunnel's.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        # Without its body the message is not complete.
        if not self._ignores_offer:
            super().on_message_complete()

    def _should_upgrade(self) -> bool:
        # A websocket takes the whole connection, which belongs to the requests before it until they are answered.
        is_idle = self.cycle is None or self.cycle.response_complete
        # HTTP/1.0 has no upgrades, and a handshake is a GET.
        can_open = self.parser.get_method() == b"GET" and self.parser.get_http_version() == "1.1"
        return is_idle and can_open and super()._should_upgrade()

    def _parse(self, unread: memoryview) -> None:
        """Raises httptools' HttpParserError."""
        while True:
            try:
                self.parser.feed_data(unread)
            except httptools.HttpParserUpgrade as offer:
                (head_end,) = offer.args
            else:
                return
            if not self._ignores_offer:
                if self._should_upgrade():
                    self.handle_websocket_upgrade()
                return
            head = self._head_without_offer()
            self.parser = httptools.HttpRequestParser(self)
            # As uvicorn sets it for the first one.
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self.parser.feed_data(head)
            unread = unread[head_end:]

    def _head_without_offer(self) -> bytes:
        # The parser has refused line ends in names and values.
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join((*lines, b"", b""))
