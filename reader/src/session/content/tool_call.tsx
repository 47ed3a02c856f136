import "./tool_call.css";

import { useMemo } from "react";

import type { SubagentFragment } from "../../gql/graphql";
import { count } from "../../shared/format";
import type { ToolAnswer, ToolUse } from "../message_parts";
import { CodeBlock } from "./code";
import { DiffView } from "./diff_view";
import { changedLines, type FileChange, fileChanges, isObject } from "./file_changes";
import { Fold } from "./fold";
import { LongText } from "./long_text";
import { Picture } from "./picture";
import { SubagentTranscript } from "./subagent_transcript";
import { commandOf, toolSummary } from "./tool_summary";

interface ToolCallProps {
  call: ToolUse;
  subagent?: SubagentFragment;
}

/** A call of a tool together with its answer. */
export function ToolCall({ call, subagent }: ToolCallProps) {
  const changes = useMemo(() => fileChanges(call.name, call.input), [call]);
  return (
    <Fold
      kind="tool"
      name={call.toolUseId}
      label={call.name}
      summary={changes.length ? changes.map(({ path }) => path).join(", ") : toolSummary(call.input)}
      end={
        <>
          {changes.length > 0 && <LineCounts changes={changes} />}
          <State answer={call.result} />
        </>
      }
    >
      <Arguments call={call} changes={changes} />
      {call.result && <Answer answer={call.result} />}
      {subagent && <SubagentTranscript subagent={subagent} />}
    </Fold>
  );
}

function State({ answer }: { answer: ToolAnswer | null }) {
  if (!answer) {
    return <span className="tool-state">no answer</span>;
  }
  return answer.isError ? (
    <span className="tool-state" data-failed>
      failed
    </span>
  ) : null;
}

function LineCounts({ changes }: { changes: readonly FileChange[] }) {
  const { added, removed } = changedLines(changes);
  return (
    <span className="line-counts">
      {added > 0 && (
        <span className="lines-added">
          +{count(added)}
          <span className="hidden-text"> lines added</span>
        </span>
      )}
      {removed > 0 && (
        <span className="lines-removed">
          −{count(removed)}
          <span className="hidden-text"> lines removed</span>
        </span>
      )}
    </span>
  );
}

function Arguments({ call, changes }: { call: ToolUse; changes: readonly FileChange[] }) {
  if (changes.length) {
    return changes.map((change, index) => <DiffView key={index} {...change} />);
  }
  const command = commandOf(call.input);
  if (command !== undefined) {
    return <CodeBlock code={command} language="bash" label="Command" />;
  }
  if (typeof call.input === "string") {
    return <CodeBlock code={call.input} label="Arguments" />;
  }
  if (isObject(call.input)) {
    return <ArgumentList input={call.input} />;
  }
  return <CodeBlock code={JSON.stringify(call.input, null, 2)} language="json" label="Arguments" />;
}

/** Arguments by their names; texts as they are, for their lines to be read. */
function ArgumentList({ input }: { input: Record<string, unknown> }) {
  return (
    <dl className="arguments">
      {Object.entries(input).map(([name, value]) => (
        <div key={name}>
          <dt>{name}</dt>
          <dd>
            <LongText text={typeof value === "string" ? value : JSON.stringify(value, null, 2)} limit={4_000}>
              {(text) => text}
            </LongText>
          </dd>
        </div>
      ))}
    </dl>
  );
}

/** What a tool answered. */
export function Answer({ answer }: { answer: Pick<ToolAnswer, "text" | "isError" | "images"> }) {
  return (
    <div className="answer" data-failed={answer.isError || undefined}>
      {answer.text && (
        <LongText text={plain(answer.text)} limit={4_000}>
          {(text) => (
            <pre tabIndex={0} role="group" aria-label={answer.isError ? "Error" : "Answer"}>
              {text}
            </pre>
          )}
        </LongText>
      )}
      {answer.images.map(({ url }, index) => (
        <Picture key={index} url={url} alt="Picture of the answer" />
      ))}
      {!answer.text && answer.images.length === 0 && <p className="muted">An empty answer</p>}
    </div>
  );
}

/** The text without the colors of a terminal. */
function plain(text: string): string {
  return text.replace(/\u001b\[[0-9;?]*[A-Za-z]/g, "");
}
