import "./handoff.css";

import { useApolloClient, useQuery } from "@apollo/client/react";
import { useState } from "react";

import { failureText, reportFailure } from "../../actions/failures";
import type { SessionHandoffQuery, SessionSource } from "../../gql/graphql";
import { Dialog } from "../../shared/dialog";
import { count, counted } from "../../shared/format";
import { Icon } from "../../shared/icons";
import { CopyButton } from "../content/copy_button";
import { download } from "../download";
import { AGENTS, HANDOFF } from "./handoff_query";
import { shellLine } from "./shell";

type Handoff = NonNullable<SessionHandoffQuery["session"]>["handoff"];

interface HandoffDialogProps {
  session: { id: string; source: SessionSource; workspace: string };
  onClose: () => void;
}

/** How to continue a session: in its own agent, or in another one. */
export function HandoffDialog({ session, onClose }: HandoffDialogProps) {
  const [to, setTo] = useState(session.source);
  const agents = useQuery(AGENTS).data?.agents.filter(({ source, canHandOff }) => canHandOff || source === session.source);
  const isOwn = to === session.source;
  const variables = { id: session.id, to, hasContents: !isOwn };
  const { data, error, loading } = useQuery(HANDOFF, { variables, fetchPolicy: "no-cache" });
  const handoff = loading ? undefined : data?.session?.handoff;
  return (
    <Dialog title="Continue this session" className="handoff" onClose={onClose}>
      <fieldset className="handoff-agents">
        <legend className="hidden-text">Agent</legend>
        {agents?.map(({ source, name }) => (
          <label key={source} data-agent={source}>
            <input type="radio" name="agent" checked={source === to} onChange={() => setTo(source)} />
            <span className="agent">{name}</span>
          </label>
        ))}
      </fieldset>
      <div className="handoff-content" aria-live="polite" aria-busy={loading}>
        {error && <p role="alert">{failureText(error)}</p>}
        {handoff && <Steps handoff={handoff} session={session} to={to} isOwn={isOwn} />}
        {loading && <p>Preparing…</p>}
      </div>
      <form method="dialog" className="dialog-actions">
        <button className="button">Close</button>
      </form>
    </Dialog>
  );
}

interface StepsProps extends Pick<HandoffDialogProps, "session"> {
  handoff: Handoff;
  to: SessionSource;
  isOwn: boolean;
}

function Steps({ handoff, session, to, isOwn }: StepsProps) {
  const { commands, files, losses } = handoff;
  const commandLines = commands.map(shellLine);
  const command = commands.length === 0 ? (
    <p>{isOwn ? "This agent has no command for that: open the session in it." : "Then open the session in the agent."}</p>
  ) : (
    <>
      <h3>{isOwn ? "Run this" : "2. Run this"}</h3>
      {session.workspace && (
        <p>
          In <code>{session.workspace}</code>
        </p>
      )}
      <div className="handoff-command">
        <pre tabIndex={0} role="group" aria-label="Command">
          {commandLines.join("\n")}
        </pre>
        <CopyButton text={commandLines.join("\n")} label="Copy the command" />
      </div>
    </>
  );
  const list = <Files files={files} session={session} to={to} />;
  if (isOwn) {
    return (
      <>
        {command}
        <details>
          <summary>{counted(files.length, "file")}, for a machine that lacks {files.length === 1 ? "it" : "them"}</summary>
          {list}
        </details>
      </>
    );
  }
  return (
    <>
      <h3>1. Put {files.length === 1 ? "this file" : "these files"} into the agent&rsquo;s home</h3>
      {list}
      {command}
      {losses.length > 0 && (
        <>
          <h3>What changes on the way</h3>
          <ul className="handoff-losses">
            {losses.map(({ code, count: times, message }) => (
              <li key={code}>
                {message}
                {times > 1 && <span> × {count(times)}</span>}
              </li>
            ))}
          </ul>
        </>
      )}
    </>
  );
}

interface FilesProps extends Pick<HandoffDialogProps, "session"> {
  files: Handoff["files"];
  to: SessionSource;
}

function Files({ files, session, to }: FilesProps) {
  const client = useApolloClient();

  async function save(path: string, content: string | undefined) {
    try {
      download(path.split("/").at(-1)!, content ?? (await contentOf(path)));
    } catch (error) {
      reportFailure(error);
    }
  }

  async function contentOf(path: string): Promise<string> {
    const variables = { id: session.id, to, hasContents: true };
    const { data } = await client.query({ query: HANDOFF, variables, fetchPolicy: "no-cache" });
    const content = data?.session?.handoff.files.find((file) => file.path === path)?.content;
    if (content === undefined) {
      throw new Error("The file is no longer there.");
    }
    return content;
  }

  return (
    <ul className="handoff-files">
      {files.map(({ path, content }) => (
        <li key={path}>
          <code>{path}</code>
          <button
            type="button"
            className="button quiet square"
            aria-label={`Download ${path}`}
            title="Download"
            onClick={() => void save(path, content)}
          >
            <Icon name="download" />
          </button>
        </li>
      ))}
    </ul>
  );
}
