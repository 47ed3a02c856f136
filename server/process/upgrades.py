"""Upgrade offers: those for websockets are accepted, all others are ignored.

RFC 9110, section 7.8, allows a server to ignore an offer and to answer the request that carries it.
"""

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol


class SelectiveUpgrades(HttpToolsProtocol):
    """An HTTP connection that answers requests with an ignored upgrade offer like any other request.

    llhttp stops at the end of a head with an offer and treats the rest as another protocol. The head of an ignored
    offer is therefore parsed again, without its `Upgrade` header, by a new parser that continues with the body.
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
            # The request begins when its head is parsed again.
            return
        super().on_headers_complete()
        if method == b"CONNECT":
            # The following bytes would belong to the tunnel.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        # llhttp reports the end of a message whose body has not been read.
        if not self._ignores_offer:
            super().on_message_complete()

    def _should_upgrade(self) -> bool:
        # A websocket takes over the connection, so pipelined requests before it must have been answered.
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
            # As uvicorn configures its parser.
            self.parser.set_dangerous_leniencies(lenient_data_after_close=True)
            self.parser.feed_data(head)
            unread = unread[head_end:]

    def _head_without_offer(self) -> bytes:
        # No header injection: the parser refuses line breaks in names and values.
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        lines += [b"%b: %b" % header for header in self.headers if header[0] != b"upgrade"]
        return b"\r\n".join((*lines, b"", b""))
