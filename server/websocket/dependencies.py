"""What the websockets of a server depend on."""

from dataclasses import dataclass

from resolvers.context import Context
from schema.coded_schema import CodedSchema
from schema.execution.operations import PreparedOperations
from schema.limits import Limits
from server.access import Access
from server.http.body_parser import BodyParser
from server.open_streams import OpenStreams


@dataclass(frozen=True, slots=True)
class SocketDependencies:
    """The parts of the application that websockets use; `prepared` is None where operations are not prepared."""

    schema: CodedSchema
    context: Context
    limits: Limits
    access: Access
    streams: OpenStreams
    prepared: PreparedOperations | None
    parser: BodyParser
