"""TokenUsage, the tokens that a reply or a session took."""

import strawberry

from schema.scalars import BigInt


@strawberry.type(
    description="Tokens in classes that do not overlap, whichever way the agent counted them.",
)
class TokenUsage:
    input_tokens: BigInt = strawberry.field(description="Sent to the model and not read from its cache.")
    cache_read_tokens: BigInt = strawberry.field(description="Read from the model's cache.")
    cache_write_tokens: BigInt = strawberry.field(description="Written to the model's cache.")
    output_tokens: BigInt = strawberry.field(description="Said by the model, reasoning left out where it is known.")
    reasoning_tokens: BigInt = strawberry.field(
        description="Thought by the model; 0 where the agent does not tell it apart."
    )
    total_tokens: BigInt = strawberry.field(description="All of them.")
