import { explorerPlugin } from "@graphiql/plugin-explorer";
import { HISTORY_PLUGIN } from "@graphiql/plugin-history";
import { GraphiQL } from "graphiql";
import { useCallback, useEffect, useMemo, useState } from "react";

import icon from "./icon.svg";
import { ResumeProgress } from "./resume_progress";
import { editorStorage, keepThread, keepToken, keptThread, keptToken } from "./storage";
import { tabs } from "./tabs";
import { ThreadVariable } from "./thread_variable";
import { TokenDialog } from "./token";
import { createTransport } from "./transport";

const storage = editorStorage();
const plugins = [explorerPlugin({ showAttribution: false }), HISTORY_PLUGIN];

export function Playground() {
  const [token, setToken] = useState(keptToken);
  const [isAsking, setIsAsking] = useState(false);
  const [isRefused, setIsRefused] = useState(false);
  const [wantsToken, setWantsToken] = useState(token !== "");
  const [isWaiting, setIsWaiting] = useState(false);
  const [followed, setFollowed] = useState(() => ({ threadId: keptThread(), mutations: 0 }));
  const { threadId, mutations } = followed;

  const onRefused = useCallback(() => {
    setIsRefused(true);
    setIsAsking(true);
    setWantsToken(true);
  }, []);
  const onResumed = useCallback((resumed: string) => {
    keepThread(resumed);
    setFollowed((last) => ({ threadId: resumed, mutations: last.mutations + 1 }));
  }, []);
  const onHide = useCallback(() => {
    keepThread("");
    setFollowed({ threadId: "", mutations: 0 });
  }, []);
  // Another one with another token, which makes GraphiQL ask for the schema again.
  const transport = useMemo(
    () => createTransport(token, { onRefused, onResumed, onWaiting: setIsWaiting }),
    [token, onRefused, onResumed],
  );
  useEffect(() => transport.dispose, [transport]);

  function onToken(given: string) {
    keepToken(given);
    setToken(given);
    setIsAsking(false);
    setIsRefused(false);
  }

  return (
    <>
      <GraphiQL
        fetcher={transport.fetcher}
        // GraphiQL takes null for "keep nothing"; its type leaves that out.
        storage={storage as NonNullable<typeof storage>}
        defaultTabs={tabs}
        plugins={plugins}
        defaultEditorToolsVisibility="variables"
        inputValueDeprecation
        schemaDescription
      >
        <GraphiQL.Logo>
          <span className="logo">
            <img src={icon} alt="" width={20} height={20} />
            <span className="logo-name">Reprise</span>
          </span>
          {wantsToken && (
            <button type="button" className="token-button" onClick={() => setIsAsking(true)}>
              {token ? "Token ••••" : "Token"}
            </button>
          )}
        </GraphiQL.Logo>
        <GraphiQL.Footer>
          <ThreadVariable threadId={threadId} />
          {threadId ? (
            <ResumeProgress
              key={threadId}
              threadId={threadId}
              mutations={mutations}
              transport={transport}
              isWaiting={isWaiting}
              onHide={onHide}
            />
          ) : (
            isWaiting && (
              <p className="waiting" role="status">
                Waiting for the server…
              </p>
            )
          )}
        </GraphiQL.Footer>
      </GraphiQL>
      <TokenDialog
        token={token}
        isRefused={isRefused}
        isOpen={isAsking}
        onOpenChange={setIsAsking}
        onToken={onToken}
      />
    </>
  );
}
