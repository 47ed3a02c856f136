import { useSubscription } from "@apollo/client/react";

import { SearchResults } from "../search/search_results";
import { useSearch } from "../search/use_search";
import { counted } from "../shared/format";
import { PageHead, type PageParts } from "./page_head";
import { SESSION_CHANGES } from "./session_list_query";
import { useThrottled } from "./use_sessions";

/** What is found in the sessions of the view, kept up to date. */
export function FoundSessions(page: PageParts) {
  const search = useSearch(page.view.query, { sessions: 20, hits: 3 }, page.filter);
  const refresh = useThrottled(() => {
    search.refresh();
    page.onChanges();
  });
  useSubscription(SESSION_CHANGES, { variables: { filter: page.filter }, onData: refresh, ignoreResults: true });
  const title = search.totalCount === undefined ? "Searching" : `Found in ${counted(search.totalCount, "session")}`;
  return (
    <>
      <PageHead {...page} title={title} />
      <SearchResults search={search} />
    </>
  );
}
