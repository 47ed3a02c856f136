"""The agents whose sessions are JSON documents."""

ZAGENS = "ZAGENS"
CODEWHALE = "CODEWHALE"
SOURCES = (ZAGENS, CODEWHALE)
