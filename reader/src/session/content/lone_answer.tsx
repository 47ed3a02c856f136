import { useQuery } from "@apollo/client/react";

import { graphql } from "../../gql";
import { Fold } from "./fold";
import { firstWords } from "./first_words";
import { Answer } from "./tool_call";

const LONE_ANSWER = graphql(`
  query LoneAnswer($messageId: ID!) {
    node(id: $messageId) {
      __typename
      ... on Message {
        id
        content {
          __typename
          position
          ... on ToolResultBlock {
            text
            isError
            images {
              url
            }
          }
        }
      }
    }
  }
`);

interface LoneAnswerProps {
  messageId: string;
  position: number;
  toolUseId: string;
}

/**
 * The answer to a call that is not shown, such as one of a page before.
 *
 * It is requested here: most answers come with their calls, and would be transferred twice.
 */
export function LoneAnswer({ messageId, position, toolUseId }: LoneAnswerProps) {
  const { data } = useQuery(LONE_ANSWER, { variables: { messageId }, fetchPolicy: "no-cache" });
  const content = data?.node?.__typename === "Message" ? data.node.content : [];
  const answer = content.find((block) => block.position === position);
  const shown = answer?.__typename === "ToolResultBlock" ? answer : undefined;
  return (
    <Fold kind="tool" name={toolUseId} label="Answer of a tool" summary={firstWords(shown?.text ?? "")}>
      {shown && <Answer answer={shown} />}
    </Fold>
  );
}
