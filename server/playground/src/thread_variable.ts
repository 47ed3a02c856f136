import { useGraphiQL } from "@graphiql/react";
import { useEffect, useRef } from "react";

/** Writes the thread that was resumed last into the open tab's variable `threadId`, unless somebody else wrote one. */
export function ThreadVariable({ threadId }: { threadId: string }): null {
  const editor = useGraphiQL((state) => state.variableEditor);
  const tab = useGraphiQL((state) => state.tabs[state.activeTabIndex]?.id);
  const written = useRef(new Set([""]));

  useEffect(() => {
    const variables = parsed(editor?.getValue());
    if (threadId && written.current.has(variables.threadId as string)) {
      editor?.setValue(JSON.stringify({ ...variables, threadId }, null, 2));
    }
    written.current.add(threadId);
  }, [editor, tab, threadId]);
  return null;
}

/** Nothing while the text is not yet JSON. */
function parsed(text: string | undefined): Record<string, unknown> {
  try {
    return Object(JSON.parse(text || "{}")) as Record<string, unknown>;
  } catch {
    return {};
  }
}
